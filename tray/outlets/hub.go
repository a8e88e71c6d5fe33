package outlets

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// Options says which outlets there are; the zero value has none.
type Options struct {
	Log     *slog.Logger
	Hook    Hook
	Webhook Webhook
	MQTT    MQTT
	// Bus offers the state on the session bus, where the system has one.
	Bus bool
}

// Part is one outlet, for doctor; its fields are those of the detector's parts.
type Part struct {
	Name    string `json:"name"`    // "hook", "webhook", "mqtt", "dbus"
	Backend string `json:"backend"` // the command, the host, the bus name
	Value   string `json:"value"`   // how it stands, for people
	Problem string `json:"problem"` // empty: works
	Fix     string `json:"fix"`     // what the user can do
}

// Hub hands each state to all outlets. An outlet works on a goroutine of its
// own and rests until the state changes; one that is slow gets the latest state
// when it is ready, and delays nobody.
type Hub struct {
	cancel context.CancelFunc
	wait   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	last    key
	any     bool // last holds a state
	outlets []*outlet
}

// outlet is one way out: a goroutine with a slot for the latest state.
type outlet struct {
	slot   chan State
	report *report
}

// New starts the outlets that o names.
func New(o Options) *Hub {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &Hub{cancel: cancel}
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
		if b, err := newBus(r); err != nil {
			r.part.Value = err.Error()
			h.outlets = append(h.outlets, &outlet{report: r})
		} else {
			h.start(ctx, r, b.run)
		}
	}
	return h
}

// start runs an outlet until its channel of states is closed or ctx ends.
func (h *Hub) start(ctx context.Context, r *report, run func(context.Context, <-chan State)) {
	o := &outlet{slot: make(chan State, 1), report: r}
	h.outlets = append(h.outlets, o)
	h.wait.Go(func() { run(ctx, o.slot) })
}

// Publish hands s to every outlet if anything that matters to others has
// changed. It never blocks.
func (h *Hub) Publish(s State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := s.key()
	if h.closed || (h.any && k == h.last) {
		return
	}
	h.last, h.any = k, true
	for _, o := range h.outlets {
		if o.slot == nil {
			continue
		}
		select {
		case <-o.slot: // stale
		default:
		}
		o.slot <- s // never blocks: only Publish sends, under the lock
	}
}

// Close lets every outlet deliver what it was handed last and say goodbye, at
// most until ctx ends; then it stops them. No goroutine and no child process
// is left when it returns.
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
	stop := context.AfterFunc(ctx, h.cancel)
	defer stop()
	h.wait.Wait()
	h.cancel()
}

// Parts tells how each outlet stands.
func (h *Hub) Parts() []Part {
	var parts []Part
	for _, o := range h.outlets {
		parts = append(parts, o.report.get())
	}
	return parts
}

// report keeps how an outlet stands, and logs when that changes.
type report struct {
	log *slog.Logger

	mu   sync.Mutex
	part Part
}

func newReport(log *slog.Logger, name, backend string) *report {
	return &report{log: log.With("outlet", name), part: Part{Name: name, Backend: backend, Value: "nothing to tell yet"}}
}

func (r *report) get() Part {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.part
}

// well notes that it works, and how.
func (r *report) well(value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.part.Problem != "" {
		r.log.Info("works again")
	}
	r.part.Value, r.part.Problem, r.part.Fix = value, "", ""
}

// ill notes a problem with what the user can do about it; one that lasts is
// logged once.
func (r *report) ill(value string, err error, fix string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if text := err.Error(); text != r.part.Problem {
		r.log.Warn("does not work", "error", text, "fix", fix)
		r.part.Problem = text
	}
	r.part.Value, r.part.Fix = value, fix
}

// Pauses after a failure: doubling from the first to the last, each drawn
// between half and whole, so that many machines do not come back at once.
const (
	pauseFirst = time.Second
	pauseLast  = 5 * time.Minute
)

// pause is how long to rest after so many failures in a row, at least one.
func pause(failures int) time.Duration {
	d := pauseLast
	if failures < 10 {
		d = min(d, pauseFirst<<max(0, failures-1))
	}
	return d/2 + rand.N(d/2+1)
}

// never is a timer's span for what is not due.
const never = time.Duration(1<<63 - 1)
