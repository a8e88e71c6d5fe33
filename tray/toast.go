package tray

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"heliograph/detect/readable"
)

// Toast is one notice for the person.
type Toast struct {
	// Class groups toasts: a new one replaces the one before it.
	Class string
	Title string
	Body  string
	// Link is the address of a page that belongs to the toast. It is appended
	// to the body where the desktop shows no buttons.
	Link string
	// Actions are buttons, where the desktop has them.
	Actions []Action
	// Always shows the toast whatever was shown before it. It is for the answer
	// to a click, and for a sender that limits itself, as Outage does.
	Always bool
}

// body returns the text under the title, where there are no buttons.
func (n Toast) body() string {
	if n.Link == "" {
		return n.Body
	}
	return n.Body + "\n" + n.Link
}

// Action is a button on a toast. Do is called from another goroutine and must
// return promptly.
type Action struct {
	ID, Label string
	Do        func()
}

// A toast that repeats the text of its class within quiet is not shown, and of
// one class at most one is shown within pace: whatever fails again and again
// cannot fill the screen. Ten seconds is how long most desktops show a toast.
const (
	quiet = 10 * time.Minute
	pace  = 10 * time.Second
)

// maxQueued is how many toasts may wait for a service that does not answer;
// more are dropped. Nobody reads so many.
const maxQueued = 8

// Toaster shows toasts through the desktop's own service.
type Toaster struct {
	log   *slog.Logger
	queue chan Toast
	stop  context.CancelFunc
	done  chan struct{} // closed when run has ended

	mu   sync.Mutex
	last map[string]shown // by class
}

// shown is the last toast of a class.
type shown struct {
	text string
	at   time.Time
}

// NewToaster prepares toasts of the program called name, with a PNG as icon.
// Close ends it.
func NewToaster(log *slog.Logger, name string, icon []byte) *Toaster {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	t := &Toaster{log: log, queue: make(chan Toast, maxQueued), stop: stop, done: make(chan struct{}), last: map[string]shown{}}
	go func() {
		defer close(t.done)
		t.run(ctx, newSender(name, icon))
	}()
	return t
}

// Show shows n, unless it repeats what was shown a moment ago. It never waits
// for the desktop.
func (t *Toaster) Show(n Toast) {
	n.Title, n.Body = readable.Line(n.Title), readable.Text(n.Body)
	if !t.admit(n, time.Now()) {
		t.log.Debug("toast not shown: it repeats the one before", "class", n.Class)
		return
	}
	select {
	case t.queue <- n:
	default:
		t.log.Debug("toast not shown: too many wait for the desktop", "class", n.Class)
	}
}

// admit decides whether n is shown, and remembers it if so.
func (t *Toaster) admit(n Toast, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := n.Title + "\n" + n.Body
	last, ok := t.last[n.Class]
	if ok && !n.Always {
		age := now.Sub(last.at)
		if age < pace || (last.text == text && age < quiet) {
			return false
		}
	}
	t.last[n.Class] = shown{text, now}
	return true
}

// run delivers the toasts in their order until ctx ends. A service that fails
// is reported once, and again after a toast that it did show.
func (t *Toaster) run(ctx context.Context, s *sender) {
	defer s.close()
	failing := false
	for {
		select {
		case n := <-t.queue:
			err := s.send(ctx, n)
			if err != nil && ctx.Err() == nil && !failing {
				t.log.Warn("toasts cannot be shown on this desktop", "error", err)
			}
			failing = err != nil
		case <-ctx.Done():
			return
		}
	}
}

// Close ends the delivery, that of toasts which wait included, and the
// connection to the desktop's service. It does not wait for that service.
func (t *Toaster) Close() {
	t.stop()
	<-t.done
}
