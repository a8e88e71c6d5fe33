package coreaudio

import (
	"slices"
	"testing"
)

func TestCodes(t *testing.T) {
	// The values that the headers give for these names.
	for name, want := range map[string]uint32{processRecording: 0x70697269, processes: 0x70727323, runningSomewhere: 0x676f6e65, global: 0x676c6f62, "too long": 0, "": 0} {
		if got := code(name); got != want {
			t.Errorf("%q is %#x, want %#x", name, got, want)
		}
	}
}

func TestDecodeIDs(t *testing.T) {
	if got := decodeIDs([]byte{1, 0, 0, 0, 0x52, 1, 0, 0, 9}); !slices.Equal(got, []uint32{1, 0x152}) {
		t.Errorf("got %v", got)
	}
	if got := decodeIDs(nil); got != nil {
		t.Errorf("got %v", got)
	}
}

// TestListenersFollowTheObjects: each property has one listener for as long as
// its object exists.
func TestListenersFollowTheObjects(t *testing.T) {
	first := properties([]uint32{40}, []uint32{80, 81})
	want := []listenedTo{{systemObject, devices}, {systemObject, processes}, {40, runningSomewhere},
		{80, processRecording}, {80, processPlaying}, {81, processRecording}, {81, processPlaying}}
	if !slices.Equal(first, want) {
		t.Fatalf("got %v, want %v", first, want)
	}
	if add, remove := difference(nil, first); !slices.Equal(add, first) || remove != nil {
		t.Errorf("at first add %v, remove %v", add, remove)
	}
	if add, remove := difference(first, first); add != nil || remove != nil {
		t.Errorf("unchanged: add %v, remove %v", add, remove)
	}
	add, remove := difference(first, properties([]uint32{40, 41}, []uint32{81}))
	if !slices.Equal(add, []listenedTo{{41, runningSomewhere}}) {
		t.Errorf("add %v", add)
	}
	if !slices.Equal(remove, []listenedTo{{80, processRecording}, {80, processPlaying}}) {
		t.Errorf("remove %v", remove)
	}
	if add, remove := difference(first, nil); add != nil || !slices.Equal(remove, first) {
		t.Errorf("at the end add %v, remove %v", add, remove)
	}
}
