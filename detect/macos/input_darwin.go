package macos

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"heliograph/detect/corefoundation"
	"heliograph/detect/oscall"
)

// InputWatcher notices when a person begins to rest and when a rest ends. While
// there is input, it reads the last input at the one instant at which a rest may
// begin; during a rest it reads it every second.
type InputWatcher struct {
	notify func()
	loop   *oscall.Loop

	mu    sync.Mutex
	timer restTimer
}

// WatchInput starts to watch; ctx is for opening only. A rest begins when there
// was no input for that long. notify is called, from any goroutine, when Input
// returns something else; it must not block.
func WatchInput(ctx context.Context, rest time.Duration, notify func()) (*InputWatcher, error) {
	w := &InputWatcher{notify: notify, timer: restTimer{rest: rest}}
	loop, err := oscall.Start(ctx, "last input", notify, w.run)
	if err != nil {
		return nil, err
	}
	w.loop = loop
	return w, nil
}

// Input returns what is known of the input. An error means that it is no longer
// watched.
func (w *InputWatcher) Input() (Input, error) {
	if err := w.loop.Err(); err != nil {
		return Input{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.timer.state, nil
}

// Close ends the watcher. It may be called more than once.
func (w *InputWatcher) Close() { w.loop.Close() }

func (w *InputWatcher) run(ctx context.Context, l *oscall.Loop) error {
	if err := load(); err != nil {
		return err
	}
	last, err := lastInput()
	if err != nil {
		return err
	}
	_, next := w.update(last)
	l.Ready()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(next):
		}
		var changed bool
		err := l.Call(func() error {
			last, err := lastInput()
			if err != nil { // it has answered before, and may again
				changed, next = false, pollInterval
				return nil
			}
			changed, next = w.update(last)
			return nil
		})
		if err != nil {
			return err
		}
		if changed {
			w.notify()
		}
	}
}

func (w *InputWatcher) update(last time.Time) (changed bool, next time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.timer.read(last, time.Now())
}

// lastInput returns the instant of the last input of any kind, from the
// hardware: other states of CGEventSource are reset by waking up without input
// (gsong/eyebreak#96).
//
// Source: CGEventSource.h, CGEventSourceSecondsSinceLastEventType.
func lastInput() (time.Time, error) {
	const (
		hidSystemState = 1              // kCGEventSourceStateHIDSystemState
		anyInput       = math.MaxUint32 // kCGAnyInputEventType
		longest        = 10 * 365 * 24 * 3600
	)
	var s float64
	corefoundation.Pool(func() { s = cgSecondsSinceInput(hidSystemState, anyInput) })
	if math.IsNaN(s) || s < 0 || s > longest {
		return time.Time{}, errors.New("macOS does not report the last input")
	}
	return time.Now().Round(0).Add(-time.Duration(s * float64(time.Second))), nil
}
