// Package app wires one running instance together: settings, detector, loop,
// account, tray, toasts, outlets and control socket. It holds no rule of its own;
// each event goes to the part that knows what it means.
package app

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"heliograph/detect"
	"heliograph/detect/latest"
	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/graph/zone"
	"heliograph/tray"
	"heliograph/tray/account"
	"heliograph/tray/control"
	"heliograph/tray/launch"
	"heliograph/tray/logbook"
	"heliograph/tray/menu"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// Options configure an instance.
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
	// Reporter gets each change; nil: nobody does.
	Reporter Reporter
	// Started is called once nothing can keep the instance from running; it may
	// be nil.
	Started func()
	// Transport and OpenURL replace the network and the browser; nil: the
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

// instance is a running heliograph: its parts and their connections.
type instance struct {
	opts     Options
	log      *slog.Logger
	settings *settings.Owner
	loop     *presence.Loop
	watch    *detect.Watcher
	account  *account.Account
	tray     *tray.Tray
	memory   *memory

	notices *notices
	facts   *facts
	calls   *calls
	publish *publisher
	clicks  *clicks
	verbs   *verbs

	server    *control.Server
	quit      context.CancelFunc
	ending    sync.Once // of end
	running   *group
	changed   chan struct{} // has room for one; what the person sees may have changed
	loopEnded chan struct{} // closed when the loop has cleared what it could
}

// Run runs an instance on the calling goroutine, which must be main's, until
// ctx ends or the user quits. What it has set at Microsoft is cleared first. It
// returns control.ErrRunning if another instance runs.
func Run(ctx context.Context, o Options) error {
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	server, err := control.Listen(o.Dir, o.Log)
	if err != nil {
		return err
	}
	if o.Started != nil {
		o.Started()
	}
	in := newInstance(ctx, quit, o)
	in.server = server
	in.start(ctx)
	in.show(ctx)
	in.end()
	return nil
}

// end ends what runs, once, and returns when that is done: Run calls it, or on
// macOS the desktop that ends the program, while Run cannot go on.
func (in *instance) end() {
	in.ending.Do(func() {
		in.log.Info("quitting")
		in.quit()
		in.stop()
	})
}

// newInstance makes the parts and connects them. Only the detector is started.
func newInstance(ctx context.Context, quit context.CancelFunc, o Options) *instance {
	if o.Reporter == nil {
		o.Reporter = silent{}
	}
	if o.OpenURL == nil {
		o.OpenURL = launch.URL
	}
	v := o.Settings.Value()
	in := &instance{opts: o, log: o.Log, settings: o.Settings, quit: quit, running: newGroup(), changed: make(chan struct{}, 1), loopEnded: make(chan struct{})}
	in.memory = openMemory(o.Log, o.Dir, o.Demo)
	in.notices = newNotices(in)
	in.loop = presence.New(presence.Options{Log: o.Log, Policy: v.Policy(), Saved: in.memory.saved(), Keep: in.memory.keep, Timing: in.timing, Zone: zone.Local})
	in.account = account.New(account.Options{Log: o.Log, Vault: o.Vault, Loop: in.loop, Transport: o.Transport, OpenURL: o.OpenURL, AnswerPage: words.SignInPage,
		SignInAtStart: o.Demo, Changed: in.redraw, Failed: func(err error, asked bool) { in.needSignIn(ctx, err, asked) }}, v.Config)
	in.watch = detect.Watch(context.WithoutCancel(ctx), v.Detector(o.Log))
	in.facts = &facts{loop: in.loop, watch: in.watch, account: in.account, settings: in.settings, demo: o.Demo}
	in.calls = &calls{log: o.Log, watch: in.watch, settings: in.settings, notices: in.notices}
	in.publish = newPublisher(in)
	in.clicks = &clicks{instance: in}
	in.notices.openSettings = in.clicks.openSettings
	in.verbs = &verbs{instance: in}
	in.tray = tray.New(tray.Options{Log: o.Log, ID: "heliograph", First: menu.View(in.facts.now()), Icons: picture, Host: in.trayHost, Lost: in.trayLost, End: in.end})
	return in
}

// start starts everything but the tray.
func (in *instance) start(ctx context.Context) {
	in.running.Go("presence loop", func() { defer close(in.loopEnded); in.loop.Run(ctx) })
	in.running.Go("activity", func() { in.observe(ctx) })
	in.running.Go("view", func() { in.follow(ctx) })
	in.running.Go("clicks", func() { in.clicks.run(ctx) })
	in.running.Go("account", func() { in.account.Run(ctx) })
	in.startSettings(ctx)
	in.server.Serve(ctx, in.verbs.answer)
}

// show runs the tray until ctx ends; without a tray the rest goes on.
func (in *instance) show(ctx context.Context) {
	if in.opts.Tray {
		if err := in.tray.Run(ctx); err != nil && ctx.Err() == nil {
			in.trayLost(err)
		}
	}
	<-ctx.Done()
}

// Bounds of the two steps of stop, so that quit ends within five seconds
// whatever hangs: the loop gives back what it holds at Graph within
// presence.ReleaseTimeout, and the outlets send the last state.
const (
	runningTimeout = presence.ReleaseTimeout + 250*time.Millisecond
	closeTimeout   = outletsTimeout + 500*time.Millisecond
)

// stop waits for what runs, whose context has ended, then closes what it used.
// The socket is closed last: it keeps a second instance from starting before.
func (in *instance) stop() {
	in.await("still runs", in.running, runningTimeout)
	closing := newGroup()
	closing.Go("outlets", in.closeOutlets)
	closing.Go("detector", in.watch.Close)
	closing.Go("notifications", in.notices.close)
	in.await("is not closed", closing, closeTimeout)
	closing.Go("control socket", in.server.Close)
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

// closeOutlets publishes that heliograph stops, then closes the timeline and the
// outlets.
func (in *instance) closeOutlets() { in.publish.close(in.facts.now()) }

// redraw has the present facts shown soon.
func (in *instance) redraw() { latest.Notify(in.changed) }

func picture(i tray.Icon, dark bool) []byte { return trayIcon(string(i), dark) }
