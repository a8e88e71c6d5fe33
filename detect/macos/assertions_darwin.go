package macos

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"heliograph/detect/corefoundation"
	"heliograph/detect/oscall"
)

// AssertionWatcher reads the power assertions of all processes. macOS notifies
// only its own programs of changes, so the assertions are read again with each
// call of Assertions: a call begins with a recording, of which all programs are
// notified.
type AssertionWatcher struct {
	notify func()
	loop   *oscall.Loop
	asked  chan struct{}

	mu  sync.Mutex
	all []Assertion
}

// WatchAssertions starts to watch; ctx is for opening only. notify is called,
// from any goroutine, when Assertions returns something else; it must not
// block.
func WatchAssertions(ctx context.Context, notify func()) (*AssertionWatcher, error) {
	w := &AssertionWatcher{notify: notify, asked: make(chan struct{}, 1)}
	loop, err := oscall.Start(ctx, "power assertions", notify, w.run)
	if err != nil {
		return nil, err
	}
	w.loop = loop
	return w, nil
}

// Assertions returns the assertions that were read last, and has them read
// again. An error means that they are no longer read.
func (w *AssertionWatcher) Assertions() ([]Assertion, error) {
	if err := w.loop.Err(); err != nil {
		return nil, err
	}
	select {
	case w.asked <- struct{}{}:
	default:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all, nil
}

// Close ends the watcher. It may be called more than once.
func (w *AssertionWatcher) Close() { w.loop.Close() }

func (w *AssertionWatcher) run(ctx context.Context, l *oscall.Loop) error {
	if err := load(); err != nil {
		return err
	}
	if _, err := w.read(); err != nil {
		return err
	}
	l.Ready()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.asked:
		}
		var changed bool
		err := l.Call(func() (err error) {
			corefoundation.Pool(func() { changed, err = w.read() })
			return err
		})
		if err != nil {
			return err
		}
		if changed {
			w.notify()
		}
	}
}

func (w *AssertionWatcher) read() (changed bool, err error) {
	all, err := readAssertions()
	if err != nil {
		return false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	changed = !slices.Equal(all, w.all)
	w.all = all
	return changed, nil
}

// readAssertions returns all assertions, by process.
//
// Source: IOPMLib.h, IOPMCopyAssertionsByProcess: a dictionary with the ids of
// processes as its keys, and arrays of dictionaries as its values.
func readAssertions() ([]Assertion, error) {
	var dictionary corefoundation.Ref
	if status := ioAssertions(&dictionary); status != 0 || dictionary == 0 {
		return nil, fmt.Errorf("IOPMCopyAssertionsByProcess: status %d", status)
	}
	defer dictionary.Release()
	var all []Assertion
	pids, lists := dictionary.Dictionary()
	for i, list := range lists {
		for _, a := range list.Array() {
			all = append(all, Assertion{PID: int(pids[i].Int32()), Kind: a.Get("AssertType").Text(), Name: a.Get("AssertName").Text()})
		}
	}
	slices.SortStableFunc(all, func(a, b Assertion) int { return a.PID - b.PID }) // a dictionary has no order
	return all, nil
}
