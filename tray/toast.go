package tray

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Toast is one notice to the person at the desk.
type Toast struct {
	// Class groups toasts: a new one takes the place of its predecessor.
	Class string
	Title string
	Body  string
	// Actions are buttons, where the desktop has them; Do is called from
	// another goroutine.
	Actions []Action
}

// Action is a button on a toast.
type Action struct {
	ID, Label string
	Do        func()
}

// A toast that says the same again within quiet is not shown; of one class
// there is at most one in pace. Together they make a storm impossible.
const (
	quiet = 10 * time.Minute
	pace  = 10 * time.Second
)

// toastTimeout bounds the delivery of one toast.
const toastTimeout = 3 * time.Second

// Toaster shows toasts through the desktop's own service.
type Toaster struct {
	log  *slog.Logger
	name string
	icon []byte
	send sender

	mu   sync.Mutex
	last map[string]shown
	mute bool // the service's absence was told
}

type shown struct {
	text string
	at   time.Time
}

// NewToaster readies toasts of the program called name, with a PNG as icon.
func NewToaster(log *slog.Logger, name string, icon []byte) *Toaster {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Toaster{log: log, name: name, icon: icon, last: map[string]shown{}}
}

// Show shows t, unless it would be noise. It returns at once.
func (t *Toaster) Show(n Toast) {
	if !t.worth(n, time.Now()) {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), toastTimeout)
		defer cancel()
		err := t.send.send(ctx, t, n)
		t.mu.Lock()
		defer t.mu.Unlock()
		if err != nil && !t.mute {
			t.log.Warn("notices cannot be shown on this desktop", "error", err)
		}
		t.mute = err != nil
	}()
}

// worth holds n against what was shown lately.
func (t *Toaster) worth(n Toast, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, ok := t.last[n.Class]
	text := n.Title + "\n" + n.Body
	if ok && (now.Sub(l.at) < pace || (l.text == text && now.Sub(l.at) < quiet)) {
		t.log.Debug("notice held back", "class", n.Class)
		return false
	}
	t.last[n.Class] = shown{text, now}
	return true
}

// Close ends the connection to the desktop's service.
func (t *Toaster) Close() { t.send.close() }
