package bus

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/godbus/dbus/v5"
)

// A session bus that has ended, or does not answer, is opened again when its
// socket is made anew, and after pauses that double up to reopenLast: a bus that
// is started by the first connection makes no new socket. The pauses begin anew
// once a connection has lasted for reopenSteady.
const (
	reopenFirst  = 250 * time.Millisecond
	reopenLast   = time.Minute
	reopenSteady = 10 * time.Second
)

// reopenRefused is how often a bus is tried where nobody listens at its socket:
// over two to six minutes. After that only a new socket can be one, which is
// an event.
const reopenRefused = 12

// Reopener opens the session bus for a part that needs it as long as heliograph
// runs, and again after it has ended. It polls where there is no event: a bus that
// accepts connections and does not answer, or whose socket cannot be watched, is
// tried once a minute.
type Reopener struct {
	ch     chan struct{}
	socket *socketWatch

	mu      sync.Mutex
	pause   *backoff.ExponentialBackOff
	timer   *time.Timer // nil: no try is due at a time
	opened  time.Time   // when the last connection was opened; zero: that failed
	refused int         // tries in a row at which nobody listened
}

// NewReopener returns one that has opened nothing yet. Close ends it.
func NewReopener() *Reopener {
	r := newReopener()
	r.socket = watchSocket(r.appeared)
	return r
}

func newReopener() *Reopener {
	r := &Reopener{ch: make(chan struct{}, 1), pause: backoff.NewExponentialBackOff()}
	r.pause.InitialInterval, r.pause.MaxInterval, r.pause.Multiplier = reopenFirst, reopenLast, 2
	return r
}

// Open connects as Session does.
func (r *Reopener) Open(ctx context.Context) (*dbus.Conn, error) {
	r.begin()
	conn, err := Session(ctx)
	if err == nil {
		r.mu.Lock()
		r.opened = time.Now()
		r.mu.Unlock()
	}
	return conn, err
}

// begin forgets what was due: it is tried now.
func (r *Reopener) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopTimer()
	r.opened = time.Time{}
	select {
	case <-r.ch:
	default:
	}
}

// Failed has C say when to open the bus again. The error is that of Open, or why
// the connection is not used any more.
func (r *Reopener) Failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.opened.IsZero() && time.Since(r.opened) > reopenSteady {
		r.pause.Reset()
	}
	if r.refused++; !nobodyListens(err) {
		r.refused = 0
	}
	none := errors.Is(err, ErrNoSession) // without an address only a new socket can be one
	if none || r.refused >= reopenRefused && r.socket.watches() {
		return
	}
	r.stopTimer()
	r.timer = time.AfterFunc(r.pause.NextBackOff(), r.notify)
}

// C delivers a value when the bus is to be opened again.
func (r *Reopener) C() <-chan struct{} { return r.ch }

// Close ends the notifications.
func (r *Reopener) Close() {
	r.socket.close()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopTimer()
}

// appeared notifies of a new socket.
func (r *Reopener) appeared() {
	r.mu.Lock()
	r.pause.Reset()
	r.refused = 0
	r.mu.Unlock()
	r.notify()
}

func (r *Reopener) notify() {
	select {
	case r.ch <- struct{}{}:
	default: // one waits
	}
}

func (r *Reopener) stopTimer() {
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
}

// nobodyListens reports that there is no socket, or one that a bus has left.
func nobodyListens(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}
