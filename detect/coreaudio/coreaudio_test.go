package coreaudio

import (
	"slices"
	"testing"
)

func TestCodes(t *testing.T) {
	// The values that the headers give for these names.
	for name, want := range map[string]uint32{processRecording: 0x70697269, processes: 0x70727323, runningSomewhere: 0x676f6e65, global: 0x676c6f62,
		processDevices: 0x70647623, processRunning: 0x7069723f, devices: 0x64657623, processPID: 0x70706964, "too long": 0, "": 0} {
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
	ofProcess := func(id uint32) []property {
		return []property{{id, processRunning, global}, {id, processRecording, global}, {id, processPlaying, global},
			{id, processDevices, global}, {id, processDevices, input}, {id, processDevices, output}}
	}
	first := properties([]uint32{40}, []uint32{80, 81})
	want := slices.Concat([]property{{systemObject, devices, global}, {systemObject, processes, global}, {40, runningSomewhere, global}}, ofProcess(80), ofProcess(81))
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
	if !slices.Equal(add, []property{{41, runningSomewhere, global}}) {
		t.Errorf("add %v", add)
	}
	if !slices.Equal(remove, ofProcess(80)) {
		t.Errorf("remove %v", remove)
	}
	if add, remove := difference(first, nil); add != nil || !slices.Equal(remove, first) {
		t.Errorf("at the end add %v, remove %v", add, remove)
	}
}
