package winproc

import (
	"testing"
	"time"
)

// FuzzNames: whatever the table of processes says of parents, even in circles, the
// names are few and end.
func FuzzNames(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, uint32(1), "Zoom.exe", int64(0))
	f.Add([]byte{1, 1, 1, 1}, uint32(1), "", int64(-1))
	f.Add([]byte{}, uint32(0), "explorer.exe", int64(1))
	f.Fuzz(func(t *testing.T, parents []byte, pid uint32, name string, step int64) {
		all := Table{}
		for i, parent := range parents {
			all[uint32(i)] = Entry{Parent: uint32(parent), Name: name}
		}
		read := func(pid uint32) (Process, bool) {
			return Process{PID: int(pid), PackageFamily: name, Started: time.Unix(int64(pid)*step, 0)}, pid%3 != 0
		}
		if names := all.names(pid, read); len(names) > depth+2 {
			t.Errorf("%d has %d names", pid, len(names))
		}
	})
}
