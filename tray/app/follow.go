package app

import (
	"context"
	"errors"
	"math"
	"time"

	"heliograph/graph/presence"
	"heliograph/tray"
	"heliograph/tray/menu"
	"heliograph/tray/words"
)

// observe passes each activity to the loop.
func (in *instance) observe(ctx context.Context) {
	first := true
	for {
		select {
		case a, ok := <-in.watch.Changes():
			if !ok {
				return
			}
			in.loop.Observe(a)
			in.notices.call(a.Call, func() { in.calls.deny(a.Call.App, a.Call.Name) })
			if first {
				in.reportMissing()
			}
			first = false
		case <-ctx.Done():
			return
		}
	}
}

// reportMissing reports the parts of the detector that could not be opened.
func (in *instance) reportMissing() {
	for _, p := range in.watch.Parts() {
		if p.Problem != "" {
			in.opts.Reporter.Missing(p.Name, p.Problem)
		}
	}
}

// follow shows each state: in the tray, at the terminal, as a toast, to other
// programs.
func (in *instance) follow(ctx context.Context) {
	states, cancel := in.loop.Subscribe()
	defer cancel()
	again := time.NewTimer(never)
	defer again.Stop()
	outages := outages{trouble: tray.Outage{Delay: troubleAfter}, show: in.notices.trouble, signIn: func(err error) { in.needSignIn(ctx, err, false) }}
	garbage, release := newCollector()
	defer release()
	var s presence.State
	for {
		select {
		case s = <-states:
			in.opts.Reporter.State(s)
			if s.Activity.Asleep && s.InStep {
				in.watch.SleepReady()
			}
			again.Reset(outages.look(s))
		case <-again.C:
			again.Reset(outages.look(s))
		case <-in.changed:
		case <-ctx.Done():
			return
		}
		f := in.facts.now()
		in.tray.Apply(menu.View(f))
		in.publish.publish(f)
		garbage.awake()
	}
}

// trayHost is called with whether anything shows tray icons, at the start and with
// each change.
func (in *instance) trayHost(there bool) {
	in.redraw() // a panel that starts reads everything, which leaves garbage to collect
	if there {
		in.log.Info("tray host found")
		return
	}
	in.log.Warn("no tray host: the icon appears when one does", "fix", "on GNOME enable the AppIndicator extension; elsewhere add a status tray to the panel")
	in.opts.Reporter.Missing("tray", words.Say("print.no-host"))
	in.notices.noTrayHost()
}

// trayLost is called when there is no icon.
func (in *instance) trayLost(err error) {
	in.log.Warn("no tray icon", "error", err)
	in.opts.Reporter.Missing("tray", err.Error())
}

// needSignIn says that only the person can go on; its button signs in.
func (in *instance) needSignIn(ctx context.Context, err error, asked bool) {
	in.notices.signIn(err, asked, func() { in.running.Go("sign-in", func() { in.account.SignIn(ctx) }) })
}

// troubleAfter is how long presence may fail to be set before the person is
// notified: a shorter outage hardly changes what colleagues see.
const troubleAfter = 3 * time.Minute

// never is the span of a timer that only an event ends.
const never = time.Duration(math.MaxInt64)

// outages decides when the person is notified of what lasts: that presence cannot
// be set, and that they have to sign in.
type outages struct {
	trouble   tray.Outage
	signedOut tray.Outage
	show      func(title, body string) // says that presence cannot be set, or can again
	signIn    func(error)              // says that only the person can go on
}

// look shows the toast that a state requires, and returns after how long to
// look again if the state does not change before.
func (o *outages) look(s presence.State) time.Duration {
	now := time.Now()
	switch {
	case s.Err == nil:
		o.signedOut.Over()
		if o.trouble.Over() && s.SignedIn {
			o.show("toast.trouble.over", words.Say("toast.trouble.over.body"))
		}
	case errors.Is(s.Err, presence.ErrSignIn):
		if due, _ := o.signedOut.Failing(now, now); due {
			o.signIn(s.Err)
		}
	default:
		due, again := o.trouble.Failing(s.ErrSince, now)
		if due {
			o.show("toast.trouble", advise(s.Err))
		}
		if again > 0 {
			return again
		}
	}
	return never
}
