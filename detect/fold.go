package detect

import (
	"slices"
	"time"

	"heliograph/detect/call"
)

// facts is what results say, in common terms. Its zero value says nothing.
type facts struct {
	idleKnown bool
	inUse     bool
	lastInput time.Time

	locked, asleep, elsewhere bool
	dark                      bool // see seatResult

	// woke is when the system last came back from sleep; zero: not seen.
	woke time.Time

	// awake reports that a program keeps the screen awake, and awakeKnown that
	// the source would notice one.
	awake, awakeKnown bool

	// evidence is what the call rule looks at.
	evidence call.Evidence
}

// fold merges the facts of all sources. The order of the list does not matter.
func fold(all []facts) facts {
	var sum facts
	for _, f := range all {
		sum.inUse = sum.inUse || f.inUse && f.idleKnown
		sum.idleKnown = sum.idleKnown || f.idleKnown
		sum.lastInput = later(sum.lastInput, f.lastInput)
		sum.locked = sum.locked || f.locked
		sum.asleep = sum.asleep || f.asleep
		sum.dark = sum.dark || f.dark
		sum.elsewhere = sum.elsewhere || f.elsewhere
		sum.woke = later(sum.woke, f.woke)
		sum.awake = sum.awake || f.awake
		sum.awakeKnown = sum.awakeKnown || f.awakeKnown
		sum.evidence = join(sum.evidence, f.evidence)
	}
	return sum
}

func join(a, b call.Evidence) call.Evidence {
	return call.Evidence{
		Known:      a.Known || b.Known,
		Captures:   slices.Concat(a.Captures, b.Captures),
		Playbacks:  slices.Concat(a.Playbacks, b.Playbacks),
		Peers:      slices.Concat(a.Peers, b.Peers),
		Inhibitors: slices.Concat(a.Inhibitors, b.Inhibitors),
		Cameras:    slices.Concat(a.Cameras, b.Cameras),
	}
}

// activity returns the activity with a call, which the call rule has judged. A
// call keeps a computer awake whose screen is off.
func (f facts) activity(c Call) Activity {
	a := Activity{Call: c, InUse: f.inUse, Locked: f.locked, Asleep: f.asleep || f.dark && !c.Active(), Elsewhere: f.elsewhere, Inhibited: f.awake, Woke: f.woke}
	if f.idleKnown {
		a.LastInput = f.lastInput.Round(0).Truncate(time.Millisecond)
	}
	return a
}

// later returns the second of two instants.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
