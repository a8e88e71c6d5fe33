package lastinput

import (
	"context"
	"fmt"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"heliograph/detect/oscall"
	"heliograph/detect/winmsg"
)

var (
	user32                      = windows.NewLazySystemDLL("user32.dll")
	procGetLastInputInfo        = user32.NewProc("GetLastInputInfo")
	procRegisterRawInputDevices = user32.NewProc("RegisterRawInputDevices")
	procGetTickCount64          = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetTickCount64")
)

// State is what is known of a person's input.
type State struct {
	// Active reports that there was input within the time given to Watch.
	Active bool
	// Last is the instant of the last input when Active became false, and of
	// the first input when it became true. It does not follow each input.
	Last time.Time
}

// Watcher notices when a person begins to rest and when a rest ends.
//
// While there is input, it reads the last input at the one instant at which a
// rest may begin. During a rest it has Windows send raw input to the hidden
// window, and ends that with the first message. It also reads the last input
// every restPoll: whether each input comes with such a message is not documented, as
// that of a remote control, of another desktop, or of a program with more rights.
type Watcher struct {
	rest   time.Duration
	poll   time.Duration
	notify func()
	loop   *oscall.Loop
	clock  tickClock // of the loop alone

	mu    sync.Mutex
	state State
}

// restPoll is how often the last input is read during a rest.
const restPoll = 30 * time.Second

// Watch starts to watch; ctx is for opening only. A rest begins when there was
// no input for that long. notify is called, from any goroutine, when State
// returns something else; it must not block.
func Watch(ctx context.Context, rest time.Duration, notify func()) (*Watcher, error) {
	return watch(ctx, rest, restPoll, notify)
}

func watch(ctx context.Context, rest, poll time.Duration, notify func()) (*Watcher, error) {
	w := &Watcher{rest: rest, poll: poll, notify: notify}
	loop, err := oscall.Start(ctx, "last input", notify, w.run)
	if err != nil {
		return nil, err
	}
	w.loop = loop
	return w, nil
}

// State returns what is known of the input. An error means that it is no longer
// watched.
func (w *Watcher) State() (State, error) {
	if err := w.loop.Err(); err != nil {
		return State{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, nil
}

// Close ends the watcher. It may be called more than once.
func (w *Watcher) Close() { w.loop.Close() }

func (w *Watcher) run(ctx context.Context, l *oscall.Loop) error {
	last, err := w.read()
	if err != nil {
		return err
	}
	w.state = State{Active: time.Since(last) < w.rest, Last: last}
	input := make(chan struct{}, 1) // there may have been input
	listener, err := winmsg.Listen(ctx, func(m winmsg.Message) {
		switch m.ID {
		// Raw input does not report what the secure desktop gets, so unlocking
		// and resuming count as a hint too.
		case winmsg.Input, winmsg.SessionChange, winmsg.PowerBroadcast:
			select {
			case input <- struct{}{}:
			default:
			}
		}
	})
	if err != nil {
		return err
	}
	defer listener.Close()
	l.Ready()
	return w.follow(ctx, l, listener.Window(), input)
}

// follow reads the last input when a rest may have begun or ended.
func (w *Watcher) follow(ctx context.Context, l *oscall.Loop, hwnd windows.HWND, input <-chan struct{}) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	raw := false // this watcher has raw input sent
	defer func() {
		if raw {
			rawInput.remove()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-input:
		}
		var last time.Time
		err := l.Call(func() (err error) {
			last, err = w.read()
			return err
		})
		if err != nil {
			return err
		}
		left := time.Until(last.Add(w.rest)) // until a rest begins
		switch {
		case left <= 0 && !raw:
			if err := rawInput.add(hwnd); err != nil {
				return err
			}
			raw = true
			timer.Reset(0) // there may have been input just before
			continue
		case left > 0 && raw:
			rawInput.remove()
			raw = false
		}
		w.set(State{Active: left > 0, Last: last})
		if left <= 0 {
			left = w.poll
		}
		timer.Reset(left)
	}
}

// set keeps the first state of a rest, or of a time without one.
func (w *Watcher) set(s State) {
	w.mu.Lock()
	changed := s.Active != w.state.Active
	if changed {
		w.state = s
	}
	w.mu.Unlock()
	if changed {
		w.notify()
	}
}

// read returns the instant of the last input in this session.
//
// Source: "GetLastInputInfo function",
// https://learn.microsoft.com/windows/win32/api/winuser/nf-winuser-getlastinputinfo
func (w *Watcher) read() (time.Time, error) {
	info := struct{ size, tick uint32 }{size: 8}
	if ok, _, err := procGetLastInputInfo.Call(uintptr(unsafe.Pointer(&info))); ok == 0 {
		return time.Time{}, fmt.Errorf("GetLastInputInfo: %w", err)
	}
	up, _, _ := procGetTickCount64.Call()
	return w.clock.instant(info.tick, uint64(up), time.Now().Round(0)), nil
}
