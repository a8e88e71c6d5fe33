package outlets

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"heliograph/detect/latest"
	"heliograph/tray/control"
)

// Hub publishes each state to all outlets. Each outlet has a goroutine of its
// own, which waits until the state changes; one that is slow gets the newest
// state when it is ready.
type Hub struct {
	log    *slog.Logger
	cancel context.CancelFunc
	wait   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	last    *key // of the state published last; nil: none was
	outlets []*outlet
}

// outlet is one receiver of states.
type outlet struct {
	// slot holds the newest state; it is closed when no more will come. Nil: the
	// outlet does not run.
	slot   chan control.State
	report *report
}

// New starts the outlets that o names.
func New(o Options) *Hub {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &Hub{log: o.Log, cancel: cancel}
	if len(o.Hook.Command) > 0 {
		r := newReport(o.Log, "hook", o.Hook.Command[0])
		h.start(ctx, r, (&hook{o.Hook, r}).run)
	}
	if o.Webhook.URL != "" {
		w := newWebhook(o.Webhook)
		w.report = newReport(o.Log, "webhook", w.host())
		h.start(ctx, w.report, w.run)
	}
	if o.MQTT.Broker != "" {
		m := newMQTT(o.MQTT, o.Log)
		m.report = newReport(o.Log, "mqtt", m.host())
		h.start(ctx, m.report, m.run)
	}
	if o.Bus {
		r := newReport(o.Log, "dbus", BusName)
		b, err := newBusService(r)
		if err == nil {
			h.start(ctx, r, b.run)
		} else {
			r.part.Value = err.Error()
			h.outlets = append(h.outlets, &outlet{report: r})
		}
	}
	return h
}

// start runs an outlet until its slot is closed or ctx ends.
func (h *Hub) start(ctx context.Context, r *report, run func(context.Context, <-chan control.State)) {
	o := &outlet{slot: make(chan control.State, 1), report: r}
	h.outlets = append(h.outlets, o)
	h.wait.Go(func() { run(ctx, o.slot) })
}

// Publish passes s to every outlet if anything that matters to others has
// changed. It never blocks.
func (h *Hub) Publish(s control.State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := keyOf(s)
	if h.closed || (h.last != nil && k == *h.last) {
		return
	}
	h.last = &k
	for _, o := range h.outlets {
		if o.slot != nil {
			latest.Put(o.slot, s)
		}
	}
}

// stopGrace is how long Close waits for outlets that it has stopped: they only
// have to end a process or drop a connection. One that hangs all the same is
// left behind.
const stopGrace = 500 * time.Millisecond

// Close lets every outlet deliver the state that was published last and say
// that heliograph ends. When ctx ends it stops those that have not finished,
// their child processes too, and returns half a second later at the latest.
func (h *Hub) Close(ctx context.Context) {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		for _, o := range h.outlets {
			if o.slot != nil {
				close(o.slot)
			}
		}
	}
	h.mu.Unlock()
	defer h.cancel()
	done := make(chan struct{})
	go func() { h.wait.Wait(); close(done) }()
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	h.cancel()
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
		h.log.Warn("an outlet did not stop in time")
	}
}

// Parts reports the health of each outlet, for doctor.
func (h *Hub) Parts() []control.Part {
	var parts []control.Part
	for _, o := range h.outlets {
		parts = append(parts, o.report.get())
	}
	return parts
}

// newBackOff returns the pauses after failures: they double from a second to
// five minutes, each drawn between half of that and the whole, so that the
// clients of a server that was down do not all come back in the same second.
func newBackOff() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval:     750 * time.Millisecond,
		RandomizationFactor: 1. / 3,
		Multiplier:          2,
		MaxInterval:         225 * time.Second,
	}
}
