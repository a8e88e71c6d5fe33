package tray

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"heliograph/detect/latest"
	"heliograph/detect/readable"
)

// Options configure a Tray.
type Options struct {
	Log *slog.Logger
	ID  string // the icon's id on the desktop
	// First is the view to begin with. Its rows stay: a later view changes how
	// they look, and adds and removes none.
	First View
	// Icons returns the picture of a state for a dark or a light panel.
	Icons func(i Icon, dark bool) []byte
	// Host is called with whether the desktop shows tray icons: once at the
	// start, then with each change. It must not block. It may be nil.
	Host func(there bool)
	// Lost is called when there is no icon, with the reason, once for as long as
	// that lasts. The tray comes back without a click where the system lets it. It must
	// not block. It may be nil.
	Lost func(error)
	// End is called once, on a goroutine of its own, when the desktop ends the
	// program: at sign-out, at shutdown, or when another program asks it to quit.
	// The process may end as soon as it returns, and does so after five seconds.
	// Only macOS calls it. It may be nil.
	End func()
}

// Tray is the icon with its menu. A process can have only one.
type Tray struct {
	opts   Options
	clicks chan string
	wake   chan struct{}
	theme  *theme // set by Run

	anew atomic.Bool // the desktop may have lost what was drawn

	mu   sync.Mutex
	view View
}

// maxClicks is how many clicks may wait until the program takes them; nobody
// clicks so far ahead.
const maxClicks = 64

// New prepares a tray; Run shows it.
func New(o Options) *Tray {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Host == nil {
		o.Host = func(bool) {}
	}
	if o.Lost == nil {
		o.Lost = func(error) {}
	}
	if o.End == nil {
		o.End = func() {}
	}
	return &Tray{opts: o, view: o.First, clicks: make(chan string, maxClicks), wake: make(chan struct{}, 1)}
}

// Clicks delivers the ids of the rows that were clicked.
func (t *Tray) Clicks() <-chan string { return t.clicks }

// Apply shows v and does not wait until it is drawn; the latest view wins. It
// may be called at any time, from any goroutine.
func (t *Tray) Apply(v View) {
	t.mu.Lock()
	t.view = v
	t.mu.Unlock()
	latest.Notify(t.wake)
}

// latest returns the view to draw. What others wrote, such as the name of a program
// in a call, is safe to show in it.
func (t *Tray) latest() View {
	t.mu.Lock()
	v := t.view
	t.mu.Unlock()
	v.Tooltip, v.Rows = readable.Text(v.Tooltip), readableRows(v.Rows)
	return v
}

func readableRows(rows []Row) []Row {
	out := slices.Clone(rows)
	for i := range out {
		out[i].Label, out[i].Rows = readable.Line(out[i].Label), readableRows(out[i].Rows)
	}
	return out
}

// Run shows the tray until ctx ends. The calling goroutine must be that of main.
// An error means that there is no tray any more; the rest of the program can go
// on without one.
func (t *Tray) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	defer waitShortly(&wait)
	defer cancel()
	d := &drawer{opts: t.opts, clicks: t.clicks, ctx: ctx, wait: &wait}
	theme, err := watchTheme(ctx)
	t.theme = theme
	if err != nil {
		t.opts.Log.Debug("icons are drawn for a dark panel: the desktop's theme is unknown", "error", err)
	}
	var once sync.Once
	return loop(ctx, t, func() {
		once.Do(func() {
			d.build(t.latest(), theme.dark())
			wait.Go(func() { t.draw(ctx, d, theme) })
		})
	})
}

// draw draws each view until ctx ends.
func (t *Tray) draw(ctx context.Context, d *drawer, theme *theme) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-theme.changed():
		}
		if t.anew.Swap(false) {
			d.forget()
		}
		d.apply(t.latest(), theme.dark())
	}
}

// drawTimeout bounds the wait for a drawing under way, which a session bus that
// has stopped reading may block for ever.
const drawTimeout = 500 * time.Millisecond

func waitShortly(wait *sync.WaitGroup) {
	done := make(chan struct{})
	go func() { wait.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(drawTimeout):
	}
}
