// Package coreaudio reports which processes record and which play sound, from
// the process objects of Core Audio. macOS has them since version 14.2. It never
// opens an audio stream, and so needs no permission.
package coreaudio

import "encoding/binary"

// Process is a process that records or plays.
type Process struct {
	ID        uint32 // of its audio object; stays the same while the process runs
	PID       int
	Bundle    string // bundle id, such as "us.zoom.xos"; empty if it has none
	Recording bool
	Playing   bool
}

// Objects and properties.
//
// Source: AudioHardware.h and AudioHardwareBase.h of the macOS SDK,
// https://developer.apple.com/documentation/coreaudio
const (
	systemObject     = 1      // kAudioObjectSystemObject
	devices          = "dev#" // kAudioHardwarePropertyDevices
	processes        = "prs#" // kAudioHardwarePropertyProcessObjectList
	runningSomewhere = "gone" // kAudioDevicePropertyDeviceIsRunningSomewhere
	processPID       = "ppid" // kAudioProcessPropertyPID
	processBundle    = "pbid" // kAudioProcessPropertyBundleID
	processRecording = "piri" // kAudioProcessPropertyIsRunningInput
	processPlaying   = "piro" // kAudioProcessPropertyIsRunningOutput
	global           = "glob" // kAudioObjectPropertyScopeGlobal
)

// code returns a code of four characters as a number; 0 for another length.
func code(s string) uint32 {
	if len(s) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32([]byte(s))
}

// decodeIDs decodes a list of object ids; an incomplete one at the end is
// ignored.
func decodeIDs(b []byte) []uint32 {
	var ids []uint32
	for ; len(b) >= 4; b = b[4:] {
		ids = append(ids, binary.LittleEndian.Uint32(b))
	}
	return ids
}

// listenedTo is a property with a listener of ours.
type listenedTo struct {
	object   uint32
	selector string
}

// properties lists what to listen to: the lists of devices and processes, the
// use of each device, and what each process does. The devices notify reliably;
// listeners of processes alone have been seen to miss changes.
func properties(deviceIDs, processIDs []uint32) []listenedTo {
	all := []listenedTo{{systemObject, devices}, {systemObject, processes}}
	for _, id := range deviceIDs {
		all = append(all, listenedTo{id, runningSomewhere})
	}
	for _, id := range processIDs {
		all = append(all, listenedTo{id, processRecording}, listenedTo{id, processPlaying})
	}
	return all
}

// difference returns the properties to which listeners must be added, and those
// from which they must be removed.
func difference(have, want []listenedTo) (add, remove []listenedTo) {
	left := map[listenedTo]bool{}
	for _, p := range have {
		left[p] = true
	}
	for _, p := range want {
		if !left[p] {
			add = append(add, p)
		}
		delete(left, p)
	}
	for _, p := range have {
		if left[p] {
			remove = append(remove, p)
		}
	}
	return add, remove
}
