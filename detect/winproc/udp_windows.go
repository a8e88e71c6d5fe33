package winproc

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

var procGetUDPTable = windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetExtendedUdpTable")

// maxUDP bounds one list, in bytes; a computer with many sockets has a thousand.
const maxUDP = 1 << 20

// UDPOwners returns the processes that have a UDP socket, as those have that talk
// to the other side of a call.
//
// Source: "GetExtendedUdpTable function",
// https://learn.microsoft.com/windows/win32/api/iphlpapi/nf-iphlpapi-getextendedudptable
func UDPOwners() (map[uint32]bool, error) {
	set := map[uint32]bool{}
	for _, t := range udpTables {
		raw, err := t.read()
		if err != nil {
			return nil, fmt.Errorf("list UDP sockets: %w", err)
		}
		t.owners(raw, set)
	}
	return set, nil
}

// read reads a list, which may grow while its size is asked for.
func (t udpTable) read() ([]byte, error) {
	const ownerPID = 1 // UDP_TABLE_OWNER_PID
	for size := uint32(4 << 10); size <= maxUDP; {
		raw := make([]byte, size)
		r, _, _ := procGetUDPTable.Call(uintptr(unsafe.Pointer(&raw[0])), uintptr(unsafe.Pointer(&size)), 0, t.family, ownerPID, 0)
		switch err := windows.Errno(r); {
		case err == 0:
			return raw, nil
		case err != windows.ERROR_INSUFFICIENT_BUFFER:
			return nil, err
		}
		size = max(size, uint32(len(raw))) * 2
	}
	return nil, errors.New("there are too many")
}
