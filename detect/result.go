package detect

import (
	"fmt"
	"time"

	"heliograph/detect/call"
)

// The results of the kinds. Their sentences are for doctor, in English.

// idleResult says whether somebody uses the computer.
type idleResult struct {
	inUse bool
	last  time.Time // the last input; in use: when use began
	// awake and awakeKnown are as in facts.
	awake, awakeKnown bool
}

func (r idleResult) facts() facts {
	return facts{idleKnown: true, inUse: r.inUse, lastInput: r.last, awake: r.awake, awakeKnown: r.awakeKnown}
}

func (r idleResult) value() string {
	if r.inUse {
		return "in use"
	}
	return "no input since " + r.last.Local().Format("15:04:05")
}

// seatResult is the state of the user's session.
type seatResult struct {
	locked, asleep, elsewhere bool
	woke                      time.Time
	awake, awakeKnown         bool
	// dark reports that the screen is off on a computer that then sleeps, if
	// nothing keeps it from that.
	dark bool
}

func (r seatResult) facts() facts {
	return facts{locked: r.locked, asleep: r.asleep, elsewhere: r.elsewhere, woke: r.woke, awake: r.awake, awakeKnown: r.awakeKnown, dark: r.dark}
}

func (r seatResult) value() string {
	text := "awake"
	switch {
	case r.asleep:
		text = "going to sleep"
	case r.dark:
		text = "the screen is off"
	}
	if r.locked {
		text += ", locked"
	} else {
		text += ", not locked"
	}
	if r.elsewhere {
		return text + ", another session has the screen"
	}
	return text + ", this session has the screen"
}

// wakeResult is the end of the last sleep that was seen.
type wakeResult struct{ woke time.Time }

func (r wakeResult) facts() facts { return facts{woke: r.woke} }

func (r wakeResult) value() string {
	if r.woke.IsZero() {
		return "no sleep seen"
	}
	return "woke up at " + r.woke.Local().Format("15:04:05")
}

// lockResult says whether a screen saver or lock covers the screen.
type lockResult struct{ locked bool }

func (r lockResult) facts() facts { return facts{locked: r.locked} }

func (r lockResult) value() string {
	if r.locked {
		return "locked"
	}
	return "not locked"
}

// lockerResult counts the screen lockers that report nothing themselves.
type lockerResult struct{ installed, running int }

func (r lockerResult) facts() facts { return facts{locked: r.running > 0} }

func (r lockerResult) value() string {
	switch {
	case r.installed == 0:
		return "none installed"
	case r.running > 0:
		return fmt.Sprintf("%d installed, locked", r.installed)
	}
	return fmt.Sprintf("%d installed, not locked", r.installed)
}

// inhibitResult lists the requests to stay awake.
type inhibitResult struct {
	inhibitors []call.Inhibitor
	// awake and awakeKnown are as in facts.
	awake, awakeKnown bool
}

func (r inhibitResult) facts() facts {
	return facts{evidence: call.Evidence{Inhibitors: r.inhibitors}, awake: r.awake, awakeKnown: r.awakeKnown}
}

func (r inhibitResult) value() string {
	if r.awake {
		return "a program keeps the screen awake"
	}
	return count(len(r.inhibitors), "program keeps", "programs keep") + " the computer awake, none the screen"
}

// soundResult lists the streams of a sound system.
type soundResult struct {
	captures, playbacks []call.Sound
	peers               []call.Peer
}

func (r soundResult) facts() facts {
	return facts{evidence: call.Evidence{Known: true, Captures: r.captures, Playbacks: r.playbacks, Peers: r.peers}}
}

func (r soundResult) value() string { return count(len(r.captures), "recording", "recordings") }

// deviceResult lists the processes that use a device; see devices.
type deviceResult struct {
	what    string // "camera", "sound card"
	devices int    // that there are; -1: the system does not say
	holders []call.Process
	// record: the holders record sound, else they film.
	record bool
	self   int // our own process
}

func (r deviceResult) facts() facts {
	if !r.record {
		return facts{evidence: call.Evidence{Cameras: r.holders}}
	}
	var f facts
	for _, h := range r.holders {
		if a, _ := call.Find(h.Names); a.ID == call.SoundSystem {
			continue // a sound server lists its own clients
		}
		f.evidence.Captures = append(f.evidence.Captures, call.Sound{Index: deviceIndex | uint32(h.PID), Names: h.Names, PID: h.PID, Source: r.what, Own: h.PID == r.self})
	}
	return f
}

// deviceIndex keeps the indices of recordings without a sound server apart from
// those of a sound server, which counts from zero.
const deviceIndex = 1 << 31

func (r deviceResult) value() string {
	if r.devices == 0 {
		return "there is no " + r.what
	}
	return count(len(r.holders), "program uses", "programs use") + " a " + r.what
}

// count writes a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
