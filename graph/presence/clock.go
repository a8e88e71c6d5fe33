package presence

import (
	"slices"
	"time"
)

// clock compares the wall clock with the monotonic one, to notice that somebody
// has set it, or that the computer was suspended. The zero clock is ready to
// use.
type clock struct {
	wall time.Time // at the last step; zero: there was none
	mono time.Time // the same instant, with a monotonic reading
	due  time.Time // when the timer was to fire, with a monotonic reading; zero: never
}

// stepLeast is the smallest difference that counts as a step: time servers turn
// a clock slowly, and a busy computer reads both clocks some time apart.
const stepLeast = 2 * time.Second

// step returns by how much the wall clock has moved beyond the time that has
// passed since the last call; 0: by less than stepLeast.
func (c *clock) step(wall time.Time) time.Duration {
	mono := time.Now()
	before := *c
	*c = clock{wall: wall, mono: mono, due: before.due}
	if before.wall.IsZero() {
		return 0
	}
	d := wall.Sub(before.wall) - mono.Sub(before.mono)
	if d.Abs() < stepLeast {
		return 0
	}
	return d
}

// stoppedLeast is how late a timer must fire for it to mean that the process was
// stopped.
const stoppedLeast = 5 * time.Second

// arm notes that the timer fires after d; never: it does not.
func (c *clock) arm(d time.Duration) {
	c.due = time.Time{}
	if d < never {
		c.due = c.mono.Add(d)
	}
}

// late returns by how much the timer is late; 0: it is not.
func (c *clock) late() time.Duration {
	if c.due.IsZero() {
		return 0
	}
	return max(0, c.mono.Sub(c.due))
}

// lookAfterStop looks again when the process was stopped, or the computer was
// too busy, for longer than a moment: much may have happened at Graph.
func (r *reconciler) lookAfterStop() {
	if r.clock.late() > stoppedLeast && r.service != nil {
		r.look.due = true
	}
}

// stepClock applies what the clock did since the last look at it. A clock that
// went backwards was wrong before, so all instants move with it. One that went
// forward may have been wrong too, or time has passed in a suspended computer:
// what Graph holds may have expired, and may not. Either way everything is
// unknown.
func (r *reconciler) stepClock(now time.Time) {
	d := r.clock.step(now)
	switch {
	case d == 0:
		return
	case d < 0:
		r.eachLedger(func(l *Ledger) { l.shift(d) })
		r.trouble.shift(d)
		for _, at := range []*time.Time{&r.choice.Since, &r.choice.Until, &r.since, &r.activity.LastInput, &r.activity.Call.Since, &r.callSince, &r.changed, &r.renewAt, &r.begun, &r.look.at, &r.look.yieldUntil, &r.look.belowAt, &r.look.recheck} {
			moved(at, d)
		}
		r.look.shown.Ahead -= d
	default:
		r.eachLedger(func(l *Ledger) {
			for _, e := range l.entries() {
				e.stretch(d)
			}
		})
	}
	r.eachLedger(func(l *Ledger) {
		for _, e := range l.entries() {
			e.doubt()
		}
	})
	r.look.due = true
	r.opts.Log.Info("the clock stepped", "by", d.Round(time.Second))
	r.keep()
}

// eachLedger changes the ledgers of all accounts.
func (r *reconciler) eachLedger(change func(*Ledger)) {
	r.others = slices.Clone(r.others)
	for i := range r.others {
		change(&r.others[i])
	}
	change(&r.ledger)
}
