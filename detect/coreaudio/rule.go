package coreaudio

import (
	"slices"
	"time"
)

// This file judges what Core Audio reports. It is built on every system, so that
// it can be tested.

// usage is what Core Audio reports about one process.
type usage struct {
	running   bool // pir?: it does input or output
	recording bool // piri
	playing   bool // piro
	// inputs and outputs are the devices that it uses, by direction; known says
	// that macOS answered when it was asked for the inputs.
	inputs, outputs []uint32
	known           bool
}

// records reports whether a process records from a device.
//
// piri alone does not say so. The listener of "Hey Siri" (com.apple.CoreSpeech)
// sets it for as long as somebody is signed in, and uses no device. On some
// versions of macOS it stays unset when a process records for the second time,
// while the list of its devices is right. A device that is in the lists of both
// directions, such as a headset, says nothing about the direction: then piri
// decides.
func (u usage) records() bool {
	switch {
	case !u.known:
		return u.recording
	case len(u.inputs) == 0:
		return false
	case u.recording:
		return true
	}
	return u.running && slices.ContainsFunc(u.inputs, func(id uint32) bool { return !slices.Contains(u.outputs, id) })
}

// device is an audio device, of the computer or attached to it.
type device struct {
	running bool // some process uses it
	input   bool // it can record
}

// Pauses until everything is read again, without a notification. A device that
// runs already does not notify when a second process begins to use it, and
// whether the process does is not documented; so the lists are read again while
// any device runs: more often if one does that can record, since a call is to be
// shown within seconds. At rest the first device that starts notifies reliably.
const (
	pauseRecording = 2 * time.Second
	pausePlaying   = 5 * time.Second
	pauseAtRest    = 30 * time.Second
)

// pause returns when to read again at the latest.
func pause(all []device) time.Duration {
	next := pauseAtRest
	for _, d := range all {
		switch {
		case d.running && d.input:
			return pauseRecording
		case d.running:
			next = pausePlaying
		}
	}
	return next
}
