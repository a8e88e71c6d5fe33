package coreaudio

import (
	"encoding/binary"
	"slices"
	"testing"
)

// FuzzLists: lists of ids of any length are decoded whole, and what is followed
// changes by exactly the difference.
func FuzzLists(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 2, 0, 0, 0}, []byte{2, 0, 0, 0, 3})
	f.Add([]byte{}, []byte{0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, devices, processes []byte) {
		ids := decodeIDs(devices)
		if len(ids) != len(devices)/4 || len(ids) > 0 && ids[0] != binary.LittleEndian.Uint32(devices) {
			t.Errorf("%v is decoded as %v", devices, ids)
		}
		have, want := properties(ids, nil), properties(ids, decodeIDs(processes))
		add, remove := difference(have, want)
		for _, p := range want {
			if !slices.Contains(have, p) && !slices.Contains(add, p) {
				t.Errorf("%v is not followed", p)
			}
		}
		for _, p := range remove {
			if slices.Contains(want, p) {
				t.Errorf("%v is not followed any more", p)
			}
		}
	})
}
