package tray

import (
	"context"
	"log/slog"
	"sync"
)

// Options sets a Tray up.
type Options struct {
	Log *slog.Logger
	ID  string // the item's id on the desktop
	// First is the view to begin with; its rows are the rows for good.
	First View
	// Icons is the picture of a state, for a dark or a light panel.
	Icons func(i Icon, dark bool) []byte
	// Host is told whether a tray host is there: once at the start, then
	// whenever it changes. It must not block.
	Host func(there bool)
}

// Tray is the icon with its menu. There can be one in a process.
type Tray struct {
	opts   Options
	clicks chan string
	wake   chan struct{}

	mu   sync.Mutex
	view View
}

// New readies a tray; Run shows it.
func New(o Options) *Tray {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	// No hand clicks so far ahead of the program.
	return &Tray{opts: o, view: o.First, clicks: make(chan string, 64), wake: make(chan struct{}, 1)}
}

// Clicks delivers the ids of the rows that were clicked.
func (t *Tray) Clicks() <-chan string { return t.clicks }

// Apply shows v soon; the latest wins. It may be called at any time, from any
// goroutine.
func (t *Tray) Apply(v View) {
	t.mu.Lock()
	t.view = v
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *Tray) latest() View {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.view
}

// Run shows the tray on the calling goroutine, which must be main's, until ctx
// ends. An error means that there is no tray any more; the rest of the program
// can go on without one.
func (t *Tray) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel()
	d := &drawer{opts: t.opts, clicks: t.clicks, ctx: ctx, wait: &wait}
	shade, err := watchShade(ctx)
	if err != nil {
		t.opts.Log.Debug("the desktop does not tell light from dark", "error", err)
	}
	return loop(ctx, t, func() {
		d.build(t.latest(), shade.dark())
		wait.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case <-t.wake:
				case <-shade.changed():
				}
				d.apply(t.latest(), shade.dark())
			}
		})
	})
}
