package winproc

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"
)

// list makes a list of these processes.
func (t udpTable) list(pids ...uint32) []byte {
	raw := binary.LittleEndian.AppendUint32(nil, uint32(len(pids)))
	for _, pid := range pids {
		row := make([]byte, t.row)
		binary.LittleEndian.PutUint32(row[t.owner:], pid)
		raw = append(raw, row...)
	}
	return raw
}

func TestUDPOwnersAreRead(t *testing.T) {
	set := map[uint32]bool{}
	for i, table := range udpTables {
		table.owners(table.list(4, uint32(100+i)), set)
	}
	if got := slices.Sorted(maps.Keys(set)); !slices.Equal(got, []uint32{4, 100, 101}) {
		t.Errorf("got %d", got)
	}
}

// FuzzUDP: whatever the list says of its length, what it has is read.
func FuzzUDP(f *testing.F) {
	f.Add(udpTables[0].list(1, 2, 3), true)
	f.Add(udpTables[1].list(1, 2, 3), false)
	f.Add([]byte{255, 255, 255, 255, 1}, false)
	f.Fuzz(func(t *testing.T, raw []byte, four bool) {
		table := udpTables[1]
		if four {
			table = udpTables[0]
		}
		set := map[uint32]bool{}
		table.owners(raw, set)
		if len(set) > len(raw)/table.row {
			t.Errorf("%d processes in %d bytes", len(set), len(raw))
		}
	})
}
