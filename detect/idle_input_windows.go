package detect

import (
	"context"
	"fmt"
	"sync"
	"time"
	"unsafe"
)

var (
	procGetLastInputInfo        = user32.NewProc("GetLastInputInfo")
	procRegisterRawInputDevices = user32.NewProc("RegisterRawInputDevices")
	procGetTickCount64          = kernel32.NewProc("GetTickCount64")
)

// wmInput tells of raw input.
const wmInput = 0x00FF

// inputIdle knows when the session's last input was. In use, it looks at the
// one instant at which the desk may have come to rest. At rest, it has the
// hidden window hear of raw input, and stops that with the first of it: so
// nothing runs while nobody is there, and little while somebody is.
//
// Source: https://learn.microsoft.com/windows/win32/api/winuser/nf-winuser-getlastinputinfo
// (of this session only) and
// https://learn.microsoft.com/windows/win32/inputdev/about-raw-input
type inputIdle struct {
	settle time.Duration
	wake   func()
	ears   *listener
	event  chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
	clock  inputClock

	mu    sync.Mutex
	err   error
	inUse bool
	last  time.Time
}

func openInputIdle(ctx context.Context, e env) (source, error) {
	x := &inputIdle{settle: e.settle, wake: e.changed, event: make(chan struct{}, 1), done: make(chan struct{})}
	last, err := x.read()
	if err != nil {
		return nil, err
	}
	x.inUse, x.last = time.Since(last) < x.settle, last
	if x.ears, err = listen(x.tell); err != nil {
		return nil, err
	}
	ctx, x.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go x.follow(ctx)
	return x, nil
}

// tell hears the hidden window. Unlocking and waking up come with input that
// raw input may not tell of: the secure desktop had it.
func (x *inputIdle) tell(msg uint32, _, _ uintptr) {
	switch msg {
	case wmInput, wmSessionChange, wmPowerBroadcast:
		select {
		case x.event <- struct{}{}:
		default:
		}
	}
}

// read asks for the last input.
func (x *inputIdle) read() (time.Time, error) {
	info := struct{ size, tick uint32 }{size: 8}
	if ok, _, err := procGetLastInputInfo.Call(uintptr(unsafe.Pointer(&info))); ok == 0 {
		return time.Time{}, fmt.Errorf("the last input cannot be read: %w", err)
	}
	up, _, _ := procGetTickCount64.Call()
	return x.clock.last(info.tick, uint64(up), time.Now().Round(0)), nil
}

func (x *inputIdle) follow(ctx context.Context) {
	defer close(x.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	hearing := false
	for {
		select {
		case <-ctx.Done():
			if hearing {
				_ = x.hear(false) // the window ends it too
			}
			return
		case <-timer.C:
		case <-x.event:
		}
		last, err := x.read()
		if err != nil {
			x.tellState(false, time.Time{}, err)
			return
		}
		rest := time.Until(last.Add(x.settle))
		if inUse := rest > 0; inUse == hearing {
			if err := x.hear(!inUse); err != nil {
				x.tellState(false, time.Time{}, err)
				return
			}
			hearing = !inUse
			if hearing {
				timer.Reset(0) // there may have been input just before
				continue
			}
		}
		x.tellState(rest > 0, last, nil)
		timer.Stop()
		if rest > 0 {
			timer.Reset(rest)
		}
	}
}

// tellState keeps the state and tells of a change. In use, the instant at
// which use began stands.
func (x *inputIdle) tellState(inUse bool, last time.Time, err error) {
	x.mu.Lock()
	changed := err != nil || inUse != x.inUse
	if changed {
		x.inUse, x.last, x.err = inUse, last, err
	}
	x.mu.Unlock()
	if changed {
		x.wake()
	}
}

// rawDevice is RAWINPUTDEVICE.
type rawDevice struct {
	page, usage uint16
	flags       uint32
	target      uintptr
}

// inputKinds are the usages that people touch: pointer, keyboard, and of the
// digitizers pen, touch screen and touch pad.
//
// Source: https://learn.microsoft.com/windows-hardware/drivers/hid/hid-clients-supported-in-windows
var inputKinds = [][2]uint16{{1, 2}, {1, 6}, {0x0d, 2}, {0x0d, 4}, {0x0d, 5}}

// hear has the window hear of input wherever it goes, or not any more.
func (x *inputIdle) hear(on bool) error {
	const (
		inputSink = 0x100
		remove    = 0x001
	)
	devices := make([]rawDevice, len(inputKinds))
	for i, k := range inputKinds {
		devices[i] = rawDevice{page: k[0], usage: k[1], flags: remove}
		if on {
			devices[i].flags, devices[i].target = inputSink, x.ears.win.handle
		}
	}
	if ok, _, err := procRegisterRawInputDevices.Call(uintptr(unsafe.Pointer(&devices[0])), uintptr(len(devices)), unsafe.Sizeof(devices[0])); ok == 0 && on {
		return fmt.Errorf("raw input is refused: %w", err)
	}
	return nil
}

func (x *inputIdle) sample() (result, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err != nil {
		return nil, x.err
	}
	return idleResult{inUse: x.inUse, last: x.last}, nil
}

func (x *inputIdle) close() {
	x.cancel()
	<-x.done
	x.ears.close()
}
