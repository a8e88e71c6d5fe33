package winproc

import "encoding/binary"

// udpTable is the form of one of the lists of UDP sockets: the number of rows in
// four bytes, then the rows.
type udpTable struct {
	family uintptr // as Windows numbers them
	row    int     // size in bytes
	owner  int     // where in it the process is
}

// The lists for both versions of the protocol.
//
// Source: "MIB_UDPROW_OWNER_PID structure" and "MIB_UDP6ROW_OWNER_PID structure",
// https://learn.microsoft.com/windows/win32/api/udpmib/
var udpTables = []udpTable{{family: 2, row: 12, owner: 8}, {family: 23, row: 28, owner: 24}}

// owners adds the processes in a list to a set.
func (t udpTable) owners(raw []byte, set map[uint32]bool) {
	if len(raw) < 4 {
		return
	}
	rows := raw[4:]
	for range binary.LittleEndian.Uint32(raw) {
		if len(rows) < t.row {
			return
		}
		set[binary.LittleEndian.Uint32(rows[t.owner:])] = true
		rows = rows[t.row:]
	}
}
