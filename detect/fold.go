package detect

import "time"

// fold turns the facts of one instant into an activity. The call rule carries
// the only memory there is; next is the instant at which the answer changes
// by itself (zero: never).
func fold(f *facts, r *callRule) (a Activity, streams []Stream, next time.Time) {
	a = Activity{
		InUse:     f.idleKnown && f.inUse,
		Locked:    f.locked,
		Asleep:    f.asleep,
		Elsewhere: f.elsewhere,
		Inhibited: f.awake,
		Woke:      f.woke,
	}
	if f.idleKnown {
		a.LastInput = f.lastInput.Round(0).Truncate(time.Millisecond)
	}
	a.Call, a.Unlisted, streams, next = r.step(f)
	return a, streams, next
}
