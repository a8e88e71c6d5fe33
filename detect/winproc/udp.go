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
const (
	family4 = 2 // AF_INET
	row4    = 12
	owner4  = 8 // dwOwningPid

	family6 = 23 // AF_INET6
	row6    = 28
	owner6  = 24
)

var udpTables = []udpTable{{family4, row4, owner4}, {family6, row6, owner6}}

// owners adds the processes in a list to a set.
func (t udpTable) owners(raw []byte, set map[uint32]bool) {
	const firstRow = 4
	if len(raw) < firstRow {
		return
	}
	rows := raw[firstRow:]
	for range binary.LittleEndian.Uint32(raw) {
		if len(rows) < t.row {
			return
		}
		set[binary.LittleEndian.Uint32(rows[t.owner:])] = true
		rows = rows[t.row:]
	}
}
