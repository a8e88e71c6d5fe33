package graph

import (
	"fmt"
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

// atComputer runs play on a computer whose clock can be set and whose process
// can be stopped. The person has just begun to use it and is signed in.
func atComputer(t *testing.T, play func(*computer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &computer{day: &day{t: t, server: emu.New(emu.Options{})}, draw: rand.New(rand.NewPCG(1, 1)), owed: map[string]bool{}}
		c.day.clock = c.wall
		c.run()
		defer func() { c.quit() }()
		c.input()
		c.signInAs("self")
		c.pass(2 * time.Minute)
		play(c)
	})
}

// TestPortalKeepsWhatIsWanted: a captive portal answers every request with its
// page and 200, for ten minutes. What was chosen and done meanwhile is shown
// within a minute of its end.
func TestPortalKeepsWhatIsWanted(t *testing.T) {
	for name, c := range map[string]struct {
		play  func(*day)
		shown string
	}{
		"choice": {func(d *day) { d.choose(presence.ChoseDND, 0) }, "DoNotDisturb/DoNotDisturb"},
		"lock":   {func(d *day) { d.observe(func(a *detect.Activity) { a.Locked = true }) }, "Away/Away"},
		"call":   {func(d *day) { d.call("Zoom") }, "Busy/InACall"},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.pass(time.Minute)
				d.fault(emu.Fault{Page: true, For: emu.Duration(10 * time.Minute)})
				c.play(d)
				if s := d.loop.State(); s.Confirmed {
					t.Error("what a portal has answered counts as confirmed")
				}
				d.pass(11 * time.Minute)
				d.shows(c.shown)
				if s := d.loop.State(); s.Err != nil || !s.Confirmed || !s.Theirs.Zero() {
					t.Errorf("after the portal: %+v", s)
				}
			})
		})
	}
}

// TestUnknownAvailabilityIsNotAChoice: a GET answers a word that says nothing, or
// that this version does not know, for ten minutes. It is not a choice of the
// person's own, and ours is kept.
func TestUnknownAvailabilityIsNotAChoice(t *testing.T) {
	for _, word := range []string{"PresenceUnknown", "", "Offline", "InTheZone"} {
		t.Run(word, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.choose(presence.ChoseBusy, 0)
				d.pass(2 * time.Minute)
				d.proxy.answer(func(r *http.Request) *http.Response {
					if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/presence") {
						return nil
					}
					return respond(r, 200, "application/json", fmt.Sprintf(`{"id":%q,"availability":%q,"activity":%q}`, emu.SelfID, word, word), "request-id", "1")
				})
				d.pass(10 * time.Minute)
				d.shows("Busy/Busy")
				if s := d.loop.State(); s.Choice.Status != presence.ChoseBusy || !s.Theirs.Zero() {
					t.Errorf("choice %+v, in Teams %v", s.Choice, s.Theirs)
				}
				d.proxy.answer(nil)
				d.choose(presence.Automatic, 0)
				d.pass(2 * time.Minute)
				d.leavesNothing()
			})
		})
	}
}

// TestClockIsSet: somebody sets the clock. What colleagues see stays right, and a
// choice for ten minutes of work ends.
func TestClockIsSet(t *testing.T) {
	for _, by := range []time.Duration{-time.Hour, -2 * time.Hour, time.Hour, -400 * 24 * time.Hour, 400 * 24 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			atComputer(t, func(c *computer) {
				c.offset.Add(int64(by))
				c.input()
				for range 60 {
					c.pass(time.Minute)
					c.shows("Available/Available")
				}
			})
		})
		t.Run("choice_"+by.String(), func(t *testing.T) {
			atComputer(t, func(c *computer) {
				c.choose(presence.ChoseBusy, 10*time.Minute)
				c.pass(2 * time.Minute)
				c.offset.Add(int64(by))
				c.input()
				c.pass(2 * time.Minute)
				if s := c.loop.State(); !s.Theirs.Zero() {
					t.Errorf("our own choice is taken for %v in Teams", s.Theirs)
				}
				c.pass(7 * time.Minute)
				c.shows("Available/Available")
				if s := c.loop.State(); s.Choice.Status != presence.Automatic {
					t.Errorf("the choice has not ended: %+v", s.Choice)
				}
			})
		})
	}
}

// TestLaggingReadKeepsAChoice: reads lag, the computer sleeps and wakes, and the
// first read says Offline. The choice is kept, and cleared when it is ended.
func TestLaggingReadKeepsAChoice(t *testing.T) {
	for _, lag := range []time.Duration{1500 * time.Millisecond, 4 * time.Second} {
		for _, sleep := range []time.Duration{3 * time.Second, time.Hour, 10 * time.Hour} {
			simulateOn(t, emu.Options{Switches: emu.Switches{ReadLag: lag}}, nil, office, func(d *day) {
				d.signIn()
				d.pass(time.Minute)
				d.choose(presence.ChoseDND, 0)
				d.pass(10 * time.Second)
				d.observe(func(a *detect.Activity) { a.Asleep = true })
				d.pass(sleep)
				d.observe(func(a *detect.Activity) { a.Asleep, a.LastInput = false, instant() })
				d.pass(2 * time.Minute)
				d.shows("DoNotDisturb/DoNotDisturb")
				if s := d.loop.State(); s.Choice.Status != presence.ChoseDND {
					t.Errorf("lag %v, asleep %v: the choice became %+v", lag, sleep, s.Choice)
				}
				d.choose(presence.Automatic, 0)
				d.pass(2 * time.Minute)
				d.leavesNothing()
			})
		}
	}
}

// TestChangesOfMindWithinALag: Busy, no, Automatic, within seconds and faster than
// reads follow; and a short call with a message.
func TestChangesOfMindWithinALag(t *testing.T) {
	for _, gap := range []time.Duration{0, 500 * time.Millisecond, 3 * time.Second} {
		simulateOn(t, emu.Options{Switches: emu.Switches{ReadLag: 4 * time.Second}}, nil, office, func(d *day) {
			d.signIn()
			d.pass(time.Minute)
			for _, s := range []presence.Status{presence.ChoseBusy, presence.ChoseDND, presence.ChoseOffline, presence.Automatic} {
				d.choose(s, 0)
				d.pass(gap)
			}
			d.call("Zoom")
			d.pass(gap)
			d.call("")
			d.pass(2 * time.Minute)
			d.leavesNothing()
			if m := d.server.User("self").StatusMessage; m != nil && m.Content != "" {
				t.Errorf("gap %v: our message is left: %+v", gap, m)
			}
		})
	}
}

// TestFlappingIsBounded: a lock, and a call with a choice, that change 50 times a
// second cost a burst of 20 requests and then two a second; the last change wins.
func TestFlappingIsBounded(t *testing.T) {
	for name, change := range map[string]func(*day, bool){
		"lock":   func(d *day, on bool) { d.observe(func(a *detect.Activity) { a.Locked = on }) },
		"stream": func(d *day, on bool) { d.call(map[bool]string{true: "Zoom", false: ""}[on]) },
		"choice": func(d *day, on bool) {
			d.choose(map[bool]presence.Status{true: presence.ChoseBusy, false: presence.Automatic}[on], 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.pass(time.Minute)
				began := time.Now()
				for i := range 50 * 60 {
					change(d, i%2 == 0)
					d.pass(20 * time.Millisecond)
				}
				n := len(d.requests("", began))
				t.Logf("%d requests in a minute", n)
				if n > 20+2*60+1 {
					t.Errorf("%d requests in a minute", n)
				}
				d.pass(time.Minute)
				d.leavesNothing()
			})
		})
	}
}

// TestQuitTriesAgain: each kind of request fails once or twice as heliograph
// quits; everything is cleared all the same, within five seconds.
func TestQuitTriesAgain(t *testing.T) {
	for name, f := range map[string]emu.Fault{"drop": {Drop: true}, "lost": {Lose: true}, "server": {Status: 503}, "throttle": {Status: 429, RetryAfter: 1}, "page": {Page: true}, "token": {Status: 401}} {
		for _, times := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s_%d", name, times), func(t *testing.T) {
				atComputer(t, func(c *computer) {
					c.call("Zoom")
					c.choose(presence.ChoseDND, 0)
					c.pass(2 * time.Minute)
					f.Times = times
					c.fault(f)
					began := time.Now()
					c.quit()
					if took := time.Since(began); took > 5*time.Second {
						t.Errorf("quit took %v", took)
					}
					c.nothingAt("self")
					if left := c.loop.Left(); len(left) > 0 {
						t.Errorf("nothing is left, but the loop says %+v", left)
					}
				})
			})
		}
	}
}

// TestLookAfterAStop: the process is stopped beyond its next renewal, and meanwhile
// the person chooses in Teams. That is noticed within two seconds of its going on.
// A shorter stop is no different from running: the next renewal reads it.
func TestLookAfterAStop(t *testing.T) {
	for _, stop := range []time.Duration{5 * time.Minute, 10 * time.Minute, 10 * time.Hour} {
		t.Run(stop.String(), func(t *testing.T) {
			atComputer(t, func(c *computer) {
				c.stopped.Store(int64(stop))
				c.loop.SetPolicy(office)
				c.pass(stop - time.Second)
				c.chooseInTeams("DoNotDisturb")
				c.pass(3 * time.Second)
				if s := c.loop.State(); s.Theirs != presence.PreferDoNotDisturb {
					t.Errorf("two seconds later the choice in Teams is read as %v, %v ago", s.Theirs, c.wall().Sub(s.ShownAt))
				}
			})
		})
	}
}
