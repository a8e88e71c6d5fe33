package graph

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing/synctest"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// twoAccounts are the people of the emulator, by its names for them.
var twoAccounts = []string{"self", "other"}

// computer is one that runs heliograph over kills and starts, for one account
// after another.
type computer struct {
	*day
	draw  *rand.Rand
	vault MemoryVault
	// offset is what the clock that a person can set shows beyond the true time.
	offset atomic.Int64
	// stopped is for how long the process stops when it next looks at the clock.
	stopped atomic.Int64
	goesOn  atomic.Int64 // when the last stop ends, as UnixNano
	who     string       // who is signed in; empty: nobody
	events  []string     // what happened, for a failure
	// owed are the accounts that were left while the network did not work.
	owed map[string]bool
	kill func()
	kept atomic.Pointer[presence.Saved] // what was written down last
}

// onDisk returns what a process that starts now knows.
func (c *computer) onDisk() presence.Saved {
	if s := c.kept.Load(); s != nil {
		return *s
	}
	return presence.Saved{}
}

// dead refuses every request of a process that was killed.
func dead(*http.Request) (*http.Response, error) { return nil, context.Canceled }

// gate forwards the requests of one process until that is killed.
type gate struct {
	next   http.RoundTripper
	killed atomic.Bool
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.killed.Load() {
		return dead(r)
	}
	return g.next.RoundTrip(r)
}

func (c *computer) now() time.Time {
	if d := c.stopped.Swap(0); d > 0 {
		c.goesOn.Store(time.Now().Add(time.Duration(d)).UnixNano())
		<-time.After(time.Duration(d))
	}
	return c.wall()
}

// wall is what the clock shows, without stopping.
func (c *computer) wall() time.Time { return time.Now().Add(time.Duration(c.offset.Load())).Round(0) }

func (c *computer) note(format string, args ...any) {
	c.events = append(c.events, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// run starts the process.
func (c *computer) run() {
	g := &gate{next: c.server.Transport()}
	var err error
	if c.account, err = Open(Config{ClientID: emu.AppID, Tenant: emu.TenantID, Transport: g, Now: c.wall}, &c.vault); err != nil {
		c.t.Fatal(err)
	}
	c.loop = presence.New(presence.Options{Policy: office, Saved: c.onDisk(), Keep: func(s presence.Saved) { c.kept.Store(&s) }, Now: c.now,
		Log: c.logTo, Zone: c.local, Jitter: func() float64 { return 0.5 }})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func(l *presence.Loop) { l.Run(ctx); close(done) }(c.loop)
	c.quit = func() { cancel(); <-done }
	c.loop.Observe(c.desk)
	if c.who != "" {
		if _, err := c.account.Restore(c.t.Context()); err == nil {
			c.loop.SetService(c.account.Client())
		} else {
			c.t.Fatalf("the session in the vault is not restored: %v", err)
		}
	}
	synctest.Wait()
	c.kill = func() {
		g.killed.Store(true)
		saved := c.onDisk()
		c.quit()
		c.kept.Store(&saved)
	}
}

// broken reports whether a fault is in force.
func (c *computer) broken() bool { return len(c.server.State().Faults) > 0 }

// signInAs makes an account the one that is signed in, if the network lets it.
func (c *computer) signInAs(who string) {
	before, broken := c.who, c.broken()
	_, err := c.account.SignIn(c.t.Context(), Prompt{
		Device: func(code DeviceCode) { c.server.ApproveDevice(code.Code, who) },
		Leave:  func(ctx context.Context) { _ = c.loop.Release(ctx) },
	})
	if err != nil {
		c.note("sign-in as %s failed: %v", who, err)
		return
	}
	c.note("signed in as %s", who)
	if before != who {
		c.left(before, broken)
	}
	c.who = who
	delete(c.owed, who)
	c.loop.SetService(c.account.Client())
	synctest.Wait()
}

func (c *computer) signOut() {
	before, broken := c.who, c.broken()
	c.note("signs out")
	_ = c.loop.Release(c.t.Context())
	if err := c.account.SignOut(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.who = ""
	c.left(before, broken)
}

// left notes that an account was left: with a working network nothing of ours
// may be there from now on.
func (c *computer) left(who string, broken bool) {
	switch {
	case who == "":
	case broken:
		c.owed[who] = true
	default:
		c.nothingAt(who)
	}
}

// ours lists what is at Graph of ours for an account.
func (c *computer) ours(who string) (all []string) {
	u := c.server.User(who)
	for _, s := range u.Sessions {
		all = append(all, "session "+s.Availability+"/"+s.Activity)
	}
	if u.Preferred != nil {
		all = append(all, "preferred "+u.Preferred.Availability)
	}
	if u.StatusMessage != nil && u.StatusMessage.Content != "" {
		all = append(all, "message "+u.StatusMessage.Content)
	}
	return all
}

func (c *computer) nothingAt(who string) {
	c.t.Helper()
	if all := c.ours(who); len(all) > 0 {
		c.fail("left at %s: %v; written down: %+v", who, all, c.onDisk())
	}
}

// fail lists what led to the failure, and ends the test.
func (c *computer) fail(format string, args ...any) {
	c.t.Helper()
	for _, r := range c.server.Requests() {
		if time.Since(r.Time) < 5*time.Minute {
			c.events = append(c.events, fmt.Sprintf("%s %s %s %d %s %s", r.Time.Format("15:04:05.000"), r.Method, r.Path, r.Status, r.Body, r.Note))
		}
	}
	slices.Sort(c.events)
	c.t.Errorf("%s: %s\n%s", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...), strings.Join(c.events[max(0, len(c.events)-100):], "\n"))
	c.t.FailNow()
}

// ledgerOf returns what was saved of an account.
func (c *computer) ledgerOf(who string) presence.Ledger {
	for _, l := range c.onDisk().Accounts {
		if strings.Contains(l.Account, c.server.User(who).ID) {
			return l
		}
	}
	return presence.Ledger{}
}

// writtenDown checks that what was saved, and so what a start after a kill at
// this instant knows, lists everything of ours that is at Graph.
func (c *computer) writtenDown() {
	c.t.Helper()
	for _, who := range twoAccounts {
		u, listed := c.server.User(who), c.ledgerOf(who)
		has := func(e presence.Entry, v presence.Value) bool {
			return slices.ContainsFunc(e.Writes, func(w presence.Write) bool { return w.Value == v })
		}
		for _, s := range u.Sessions {
			if !has(listed.Session, presence.Value{Pair: presence.Pair{Availability: s.Availability, Activity: s.Activity}}) {
				c.fail("the session %s/%s of %s is not written down: %+v", s.Availability, s.Activity, who, c.onDisk())
			}
		}
		if p := u.Preferred; p != nil && !has(listed.Preferred, presence.Value{Pair: presence.Pair{Availability: p.Availability, Activity: p.Activity}}) {
			c.fail("the preferred presence %s of %s is not written down: %+v", p.Availability, who, c.onDisk())
		}
		if m := u.StatusMessage; m != nil && m.Content != "" && !has(listed.Message, presence.Value{Text: m.Content}) {
			c.fail("the message of %s is not written down: %+v", who, c.onDisk())
		}
	}
}
