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
	serviceRestarted = "srst" // kAudioHardwarePropertyServiceRestarted
	notifyRunLoop    = "rnlp" // kAudioHardwarePropertyRunLoop
	runningSomewhere = "gone" // kAudioDevicePropertyDeviceIsRunningSomewhere
	streams          = "stm#" // kAudioDevicePropertyStreams
	processPID       = "ppid" // kAudioProcessPropertyPID
	processBundle    = "pbid" // kAudioProcessPropertyBundleID
	processDevices   = "pdv#" // kAudioProcessPropertyDevices
	processRunning   = "pir?" // kAudioProcessPropertyIsRunning
	processRecording = "piri" // kAudioProcessPropertyIsRunningInput
	processPlaying   = "piro" // kAudioProcessPropertyIsRunningOutput

	global = "glob" // kAudioObjectPropertyScopeGlobal
	input  = "inpt" // kAudioObjectPropertyScopeInput
	output = "outp" // kAudioObjectPropertyScopeOutput
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

// property is a property of an object, within a scope.
type property struct {
	object   uint32
	selector string
	scope    string
}

// properties lists what to listen to: the lists of devices and processes, the
// use of each device, and what each process does.
//
// A device notifies only when its first user begins and its last one ends, and
// macOS 15.7 has been seen to notify of no other property of a process than its
// devices. Whether they are notified of in the scope of input or globally is not
// documented, so all are listened to.
func properties(deviceIDs, processIDs []uint32) []property {
	all := []property{{systemObject, devices, global}, {systemObject, processes, global}}
	for _, id := range deviceIDs {
		all = append(all, property{id, runningSomewhere, global})
	}
	for _, id := range processIDs {
		all = append(all, property{id, processRunning, global}, property{id, processRecording, global}, property{id, processPlaying, global},
			property{id, processDevices, global}, property{id, processDevices, input}, property{id, processDevices, output})
	}
	return all
}

// difference returns the properties to which listeners must be added, and those
// from which they must be removed.
func difference(have, want []property) (add, remove []property) {
	left := map[property]bool{}
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
