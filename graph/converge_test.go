package graph

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/detect"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// anything does one thing at random that a person, a computer or a network may do.
func (c *computer) anything() {
	draw := c.draw
	switch draw.IntN(17) {
	case 0:
		c.note("input")
		c.input()
	case 1:
		c.note("input ends")
		c.inputEnds()
	case 2:
		app := []string{"Zoom", "Webex", ""}[draw.IntN(3)]
		c.note("call %q", app)
		c.call(app)
	case 3:
		c.note("locks or unlocks")
		c.observe(func(a *detect.Activity) { a.Locked = !a.Locked })
	case 4:
		c.note("sleeps or wakes")
		c.observe(func(a *detect.Activity) { a.Asleep = !a.Asleep })
	case 5, 6:
		c.chooseAnything()
	case 7:
		c.choose(presence.Automatic, 0)
		c.note("chooses automatic")
	case 8:
		lag := c.upTo(5 * time.Second)
		c.note("reads lag by %v", lag)
		c.server.SetReadLag(lag)
	case 9:
		c.stepClock()
	case 10:
		c.changeAccount()
	case 11:
		c.restart()
	case 12:
		d := c.upTo(3 * time.Minute)
		c.note("the process stops for %v", d)
		c.stopped.Store(int64(d))
		c.loop.SetPolicy(office) // so that it looks at the clock
		synctest.Wait()
	default:
		c.anyFault()
	}
}

func (c *computer) upTo(d time.Duration) time.Duration { return time.Duration(c.draw.Int64N(int64(d))) }

func (c *computer) chooseAnything() {
	all := presence.Statuses()
	status, span := all[c.draw.IntN(len(all))], time.Duration(0)
	if c.draw.IntN(2) == 0 {
		span = c.upTo(20*time.Minute) + time.Second
	}
	c.note("chooses %s for %v", status, span)
	c.choose(status, span)
}

// stepClock sets the clock forward or back, seldom by very much.
func (c *computer) stepClock() {
	d := c.upTo(3 * time.Hour)
	if c.draw.IntN(8) == 0 {
		d = 400 * 24 * time.Hour
	}
	if c.draw.IntN(2) == 0 {
		d = -d
	}
	c.note("the clock steps by %v", d)
	c.offset.Add(int64(d))
}

func (c *computer) changeAccount() {
	if c.who != "" && c.draw.IntN(3) == 0 {
		c.signOut()
		return
	}
	c.signInAs(twoAccounts[c.draw.IntN(len(twoAccounts))])
}

// restart ends the process in either way, and starts it after a while.
func (c *computer) restart() {
	// A start cannot tell a clock that was set unseen from time that has passed
	// while nothing ran.
	c.loop.SetPolicy(office)
	c.pass(max(0, time.Until(time.Unix(0, c.goesOn.Load()))))
	if c.draw.IntN(2) == 0 {
		c.note("killed")
		c.kill()
	} else {
		broken := c.broken()
		c.note("quits")
		c.quit()
		c.leftByQuit(broken)
	}
	c.stopped.Store(0)
	c.pass(c.upTo(5 * time.Minute))
	c.note("starts")
	c.run()
}

// leftByQuit checks that quitting has left nothing if the network worked.
func (c *computer) leftByQuit(broken bool) {
	if !broken && c.who != "" {
		c.nothingAt(c.who)
	}
}

func (c *computer) anyFault() {
	faults := []emu.Fault{{Drop: true}, {Lose: true}, {Status: 503}, {Status: 429, RetryAfter: 30}, {Status: 500}, {Status: 403, Path: "Preferred"},
		{Delay: emu.Duration(9 * time.Second)}, {Path: "/token", Drop: true}, {Page: true}, {Status: 401}, {Lose: true, Path: "Preferred"},
		{Lose: true, Path: "StatusMessage"}}
	f := faults[c.draw.IntN(len(faults))]
	f.Times = 1 + c.draw.IntN(5)
	c.note("fault %+v", f)
	c.fault(f)
}

// backOff is the longest pause that the faults can have caused. A failure is
// tried again within a minute, and a pause that Graph asks for is 30 s here; a
// kind that Graph itself has refused n times in a row rests for 2^n seconds at
// most.
func (c *computer) backOff() time.Duration {
	longest := time.Minute
	refusals := 0
	for _, r := range c.server.Requests() {
		if !strings.Contains(r.Path, "UserPreferredPresence") {
			continue
		}
		refusals++ // a failure of any sort makes the next refusal's rest longer
		if r.Status == http.StatusOK || r.Status == http.StatusNoContent {
			refusals = 0
		}
	}
	if refusals > 6 {
		longest = min(15*time.Minute, time.Second<<refusals)
	}
	return longest
}

// converges checks that at the earliest instant which the law allows colleagues
// see what is wanted.
func (c *computer) converges() {
	c.t.Helper()
	// Graph counts whole seconds, so that a choice may end a moment after its end.
	for c.wall().Sub(c.loop.State().Since) < 5*time.Second {
		c.pass(5 * time.Second)
	}
	s := c.loop.State()
	shown := c.server.User(c.who).Shown
	if got, want := shown.Availability+"/"+shown.Activity, s.Want.Pair().String(); got != want {
		c.fail("colleagues of %s see %s, want %s\nstate %+v\nsaved %+v", c.who, got, want, s, c.onDisk())
	}
	m := c.server.User(c.who).StatusMessage
	if text := s.Want.Message; (m == nil || m.Content != text) && !(m == nil && text == "") {
		c.fail("the message of %s is %+v, want %q; saved %+v", c.who, m, text, c.onDisk())
	}
	if s.Err != nil {
		c.fail("a failure that has ended is still shown: %v", s.Err)
	}
	if !s.InStep || !s.Confirmed || !s.AsWanted() || !s.Theirs.Zero() {
		c.fail("the state does not say that it is right: %+v", s)
	}
}

// FuzzConverges holds the law of the loop: whatever a person, the network, the
// clock and the process did, colleagues see what Decide wants once the longest
// pause that the failures have caused is over; what is at Graph of ours is
// written down at every instant; and nothing is left at an account that was left
// with a working network, at once, not when it expires.
func FuzzConverges(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed)
	}
	f.Add(uint64(290)) // the answer to a clear is lost, and the session is wanted again
	f.Fuzz(converge)
}

// converge plays an hour that the seed draws.
func converge(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		c := &computer{day: &day{t: t, server: emu.New(emu.Options{})}, draw: rand.New(rand.NewPCG(seed, 1)), owed: map[string]bool{}}
		c.day.clock = c.wall
		c.run()
		defer func() { c.quit() }()
		c.input()
		c.signInAs("self")
		for range 30 {
			c.anything()
			c.pass(c.upTo(3 * time.Minute))
			c.writtenDown()
		}
		c.settles()
	})
}

// settles ends all faults, and holds the laws for what follows.
func (c *computer) settles() {
	c.note("all faults end")
	c.server.ClearFaults()
	c.server.SetReadLag(0)
	c.stopped.Store(0)
	c.pass(max(0, time.Until(time.Unix(0, c.goesOn.Load()))))
	c.observe(func(a *detect.Activity) { a.Asleep = false })
	if c.who == "" {
		c.signInAs("self")
	}
	c.pass(c.backOff() + 5*time.Second)
	c.converges()
	// What may be left at an account is known again once it is signed in.
	for _, who := range twoAccounts {
		if who == c.who || !c.owed[who] && len(c.ledgerOf(who).Preferred.Writes)+len(c.ledgerOf(who).Session.Writes)+len(c.ledgerOf(who).Message.Writes) == 0 {
			continue
		}
		c.signInAs(who)
		c.pass(time.Minute)
		c.converges()
	}
	c.note("quits")
	c.quit()
	for _, who := range twoAccounts {
		c.nothingAt(who)
	}
	if left := c.loop.Left(); len(left) > 0 {
		c.fail("nothing is left, but the loop says %+v; saved %+v", left, c.onDisk())
	}
}
