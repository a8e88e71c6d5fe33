// Package app wires one running instance together: detector, loop, account,
// tray, toasts and control socket. It holds no rule of its own; each event
// goes to the part that knows what it means.
package app

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"heliograph/assets"
	"heliograph/detect"
	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/graph/zone"
	"heliograph/tray"
	"heliograph/tray/account"
	"heliograph/tray/autostart"
	"heliograph/tray/control"
	"heliograph/tray/logbook"
	"heliograph/tray/menu"
	"heliograph/tray/settings"
	"heliograph/tray/timeline"
	"heliograph/tray/words"
)

// Options says what an instance is made of.
type Options struct {
	// Settings are watched and saved while the instance runs.
	Settings *settings.Owner
	Log      *slog.Logger
	Level    *slog.LevelVar // of Log; nil: it does not follow the settings
	Vault    graph.Vault
	Dir      string // of the control socket
	LogPath  string // of the log file, to be shown
	Version  string
	Tray     bool
	// Demo runs on an emulator: nothing is kept, nothing leaves the process, and
	// the stand-in for a browser signs in without a click.
	Demo bool
	// Reporter is told of each change; nil: nobody is.
	Reporter Reporter
	// Transport and OpenURL stand in for the network and the browser; nil: the
	// real ones.
	Transport http.RoundTripper
	OpenURL   func(string) error
	// Logbook is where Log goes, for those who follow it; nil: nowhere.
	Logbook *logbook.Book
}

// Reporter shows a person at a terminal what happens. Its methods are called from
// several goroutines and must not block.
type Reporter interface {
	// State is called with each state, also with those that look the same.
	State(presence.State)
	// Missing is called when a part of the desktop could not be opened.
	Missing(part, problem string)
}

// silent is the Reporter of an instance without a terminal.
type silent struct{}

func (silent) State(presence.State)   {}
func (silent) Missing(string, string) {}

// instance is one running heliograph.
type instance struct {
	opts     Options
	log      *slog.Logger
	settings *settings.Owner
	loop     *presence.Loop
	watch    *detect.Watcher
	account  *account.Account
	toaster  *tray.Toaster
	tray     *tray.Tray
	memory   *memory

	timeline *timeline.Log
	outlets  *outletSet
	changes  changes

	quit      context.CancelFunc
	parts     *group
	wake      chan struct{} // the view may have changed
	loopEnded chan struct{} // closed when loop has given back what it could
}

// Run runs an instance on the calling goroutine, which must be main's, until
// ctx ends or the user quits. What it holds at Microsoft is given back first.
// It returns control.ErrRunning if another instance runs.
func Run(ctx context.Context, o Options) error {
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	if o.Reporter == nil {
		o.Reporter = silent{}
	}
	server, err := control.Listen(o.Dir, o.Log)
	if err != nil {
		return err
	}
	in := &instance{opts: o, log: o.Log, settings: o.Settings, quit: quit, parts: newGroup(), wake: make(chan struct{}, 1), loopEnded: make(chan struct{})}
	in.memory = openMemory(o.Log, o.Dir, o.Demo)
	in.toaster = tray.NewToaster(o.Log, "heliograph", assets.PNG("app", 64, false))
	in.loop = presence.New(presence.Options{Log: o.Log, Policy: o.Settings.Value().Policy(), Saved: in.memory.saved(), Keep: in.memory.keep, Timing: in.timing,
		Zone: zone.Local})
	in.account = in.newAccount(ctx)
	in.openOutlets()
	first := menu.View(in.facts())
	in.tray = tray.New(tray.Options{Log: o.Log, ID: "heliograph", First: first, Icons: picture, Host: in.host})
	in.start(ctx, server)
	err = in.show(ctx)
	in.log.Info("quitting")
	quit()
	in.stop(server)
	return err
}

// Bounds of the two steps of stop, so that quit ends within five seconds
// whatever hangs: the loop gives back what it holds at Graph within
// presence.ReleaseTimeout, and the outlets send the last state.
const (
	partsTimeout = presence.ReleaseTimeout + 250*time.Millisecond
	closeTimeout = outletsTimeout + 500*time.Millisecond
)

// stop waits for the parts, whose context has ended, then closes what they used.
// The socket is closed last: it keeps a second instance from starting before.
func (in *instance) stop(server *control.Server) {
	in.await("still runs", in.parts, partsTimeout)
	closing := newGroup()
	closing.Go("outlets", in.closeOutlets)
	closing.Go("detector", in.watch.Close)
	closing.Go("notifications", in.toaster.Close)
	in.await("is not closed", closing, closeTimeout)
	closing.Go("control socket", server.Close)
	in.await("is not closed", closing, 250*time.Millisecond)
}

// await waits for a group, and names in the log what did not end in time.
func (in *instance) await(what string, g *group, d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	for _, name := range g.Wait(ctx) {
		in.log.Warn("quits although a part "+what, "part", name)
	}
}

// start begins everything but the tray.
func (in *instance) start(ctx context.Context, server *control.Server) {
	in.watch = detect.Watch(context.WithoutCancel(ctx), in.settings.Value().Detector(in.log))
	in.parts.Go("presence loop", func() { defer close(in.loopEnded); in.loop.Run(ctx) })
	in.parts.Go("activity", func() { in.mirror(ctx) })
	in.parts.Go("view", func() { in.follow(ctx) })
	in.parts.Go("clicks", func() { in.clicks(ctx) })
	in.parts.Go("account", func() { in.account.Run(ctx) })
	in.startSettings(ctx)
	server.Serve(ctx, in.answer)
}

// show runs the tray; without one the rest goes on until ctx ends.
func (in *instance) show(ctx context.Context) error {
	if in.opts.Tray {
		if err := in.tray.Run(ctx); err != nil && ctx.Err() == nil {
			in.log.Warn("no tray icon", "error", err)
			in.opts.Reporter.Missing(words.Say("part.tray"), err.Error())
		}
	}
	<-ctx.Done()
	return nil
}

// mirror hands what the desk does to the loop.
func (in *instance) mirror(ctx context.Context) {
	first := true
	for {
		select {
		case a, ok := <-in.watch.Changes():
			if !ok {
				return
			}
			in.loop.Observe(a)
			in.introduce(a)
			if first {
				for _, p := range in.watch.Parts() {
					if p.Problem != "" {
						in.opts.Reporter.Missing(p.Name, p.Problem)
					}
				}
			}
			first = false
		case <-ctx.Done():
			return
		}
	}
}

// introduce tells the person once for each program that it was taken for a
// call, with the way to say no.
func (in *instance) introduce(a detect.Activity) {
	c, v := a.Call, in.settings.Value()
	if !c.Active() || c.Teams || !v.Automatic.BusyInCall || !v.Notifications.Call || !in.memory.firstTime("call:"+c.App) {
		return
	}
	in.toaster.Show(tray.Toast{Class: "call", Title: words.Say("toast.call", c.Name), Body: words.Say("toast.call.body", c.Name),
		Actions: []tray.Action{{ID: "not-a-call", Label: words.Say("toast.call.deny"), Do: func() { in.deny(c.App, c.Name) }}}})
}

// deny remembers that a program is never in a call, and allow that it always
// is when it records; what records now is judged anew at once.
func (in *instance) deny(app, name string) {
	in.log.Info("not a call, says the user", "app", app)
	in.settings.Deny(app)
	in.tell("call", true, words.Say("toast.denied", name), words.Say("toast.denied.body", app))
}

func (in *instance) allow(app, name string) {
	in.log.Info("a call, says the user", "app", app)
	in.settings.Allow(app)
	in.tell("call", true, words.Say("toast.allowed", name), words.Say("toast.denied.body", app))
}

// troubleAfter is how long presence may fail to be set before the person is
// told: a shorter outage hardly changes what colleagues see.
const troubleAfter = 3 * time.Minute

// follow shows each state: in the tray, on the terminal, as a toast.
func (in *instance) follow(ctx context.Context) {
	states, cancel := in.loop.Subscribe()
	defer cancel()
	again := time.NewTimer(1<<63 - 1)
	defer again.Stop()
	outages := newOutages(in)
	garbage, release := newCollector()
	defer release()
	var s presence.State
	for {
		select {
		case s = <-states:
			in.opts.Reporter.State(s)
			if s.Activity.Asleep && s.Sent.Zero() {
				in.watch.SleepReady()
			}
			again.Reset(outages.look(ctx, s))
		case <-again.C:
			again.Reset(outages.look(ctx, s))
		case <-in.wake:
		case <-ctx.Done():
			return
		}
		f := in.facts()
		in.tray.Apply(menu.View(f))
		in.publish(f)
		garbage.awake()
	}
}

// host tells, once, a person whose desktop shows no icons.
func (in *instance) host(there bool) {
	if there {
		in.log.Info("tray host found")
		return
	}
	in.log.Warn("no tray host: the icon appears when one does", "fix", "on GNOME enable the AppIndicator extension; elsewhere add a status tray to the panel")
	in.opts.Reporter.Missing(words.Say("part.tray"), words.Say("print.no-host"))
	if in.settings.Value().Notifications.Tray && in.memory.firstTime("no-host") {
		in.toaster.Show(tray.Toast{Class: "tray", Title: words.Say("toast.no-host"), Body: words.Say("toast.no-host.body")})
	}
}

// facts is what the menu depends on.
func (in *instance) facts() menu.Facts {
	who, v := in.account.State(), in.settings.Value()
	f := menu.Facts{State: in.loop.State(), Now: time.Now().In(zone.Local()), SigningIn: who.SigningIn, Rules: rules(v)}
	f.Hours = v.File.Automatic.Hours()
	var err error
	if f.Autostart, err = autostart.State(); err != nil || in.opts.Demo {
		f.NoAutostart = true // not even asked for by a demo
	}
	if f.State.SignedIn {
		f.Account, f.Application = who.Person.Label(), who.Person.Application
	}
	switch {
	case f.State.Err != nil:
		f.Trouble = advise(f.State.Err)
	case v.Problem != nil:
		f.Trouble = wrongSettings(v.Problem)
	case who.Problem != nil:
		f.Trouble = advise(who.Problem)
	}
	return f
}

// advise says in the person's language what an error means for them.
func advise(err error) string {
	a := graph.Explain(err)
	return words.Advice(a.Key, a.Args...)
}

// poke asks for a new view.
func (in *instance) poke() { notify(in.wake) }

func picture(i tray.Icon, dark bool) []byte { return trayIcon(string(i), dark) }
