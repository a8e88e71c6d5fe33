package wts

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
	wtsapi32                       = windows.NewLazySystemDLL("wtsapi32.dll")
	procRegisterSession            = wtsapi32.NewProc("WTSRegisterSessionNotification")
	procUnregisterSession          = wtsapi32.NewProc("WTSUnRegisterSessionNotification")
	procQuerySession               = wtsapi32.NewProc("WTSQuerySessionInformationW")
	procFreeMemory                 = wtsapi32.NewProc("WTSFreeMemory")
	user32                         = windows.NewLazySystemDLL("user32.dll")
	procRegisterSuspendResume      = user32.NewProc("RegisterSuspendResumeNotification")
	procRegisterPower              = user32.NewProc("RegisterPowerSettingNotification")
	procUnregisterPower            = user32.NewProc("UnregisterPowerSettingNotification")
	procPowerInformation           = windows.NewLazySystemDLL("powrprof.dll").NewProc("CallNtPowerInformation")
	procUnregisterSuspendResume    = user32.NewProc("UnregisterSuspendResumeNotification")
	kernel32                       = windows.NewLazySystemDLL("kernel32.dll")
	procGetTickCount64             = kernel32.NewProc("GetTickCount64")
	procQueryUnbiasedInterruptTime = kernel32.NewProc("QueryUnbiasedInterruptTime")
)

// Watcher keeps the state of the session up to date.
type Watcher struct {
	notify func()
	delay  func(limit time.Duration) <-chan struct{}
	loop   *oscall.Loop

	mu      sync.Mutex
	state   State
	clock   suspendClock
	standby bool // the computer has modern standby
}

// Watch starts to watch the session; ctx is for opening only. notify is called,
// from any goroutine, when State may return something else; it must not block.
//
// Before a suspend and before the end of the session Windows waits for the
// program, for a few seconds. delay is then called with that time, before State
// returns the change. Windows goes on as soon as the channel that delay returns
// is closed, which must happen within that time.
func Watch(ctx context.Context, notify func(), delay func(limit time.Duration) <-chan struct{}) (*Watcher, error) {
	w := &Watcher{notify: notify, delay: delay}
	loop, err := oscall.Start(ctx, "Windows session", notify, w.run)
	if err != nil {
		return nil, err
	}
	w.loop = loop
	return w, nil
}

// State returns the state of the session. An error means that it is no longer
// watched.
func (w *Watcher) State() (State, error) {
	if err := w.loop.Err(); err != nil {
		return State{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.clock.suspended(clocks()) {
		w.state.Suspended, w.state.Resumed = false, time.Now().Round(0)
	}
	return w.state, nil
}

// Close ends the watcher. It may be called more than once. It waits for a delay
// that goes on, for a short time only.
func (w *Watcher) Close() { w.loop.Close() }

// run registers for the messages, which arrive on the thread of the hidden
// window, until it is closed. Both registrations call a service.
func (w *Watcher) run(ctx context.Context, l *oscall.Loop) error {
	if state, err := query(); err == nil {
		w.state = state // else the messages alone report it, as under Wine
	}
	w.clock.suspended(clocks())
	w.standby = modernStandby()
	listener, err := winmsg.Listen(ctx, w.receive)
	if err != nil {
		return err
	}
	defer listener.Close()
	hwnd := uintptr(listener.Window())
	const thisSession = 0 // NOTIFY_FOR_THIS_SESSION
	if ok, _, err := procRegisterSession.Call(hwnd, thisSession); ok == 0 {
		return fmt.Errorf("WTSRegisterSessionNotification: %w", err)
	}
	defer procUnregisterSession.Call(hwnd)
	// A computer with modern standby sends power messages on request only; a
	// Windows without this function (before 8) sends them to all windows.
	if procRegisterSuspendResume.Find() == nil {
		const windowHandle = 0 // DEVICE_NOTIFY_WINDOW_HANDLE
		if power, _, _ := procRegisterSuspendResume.Call(hwnd, windowHandle); power != 0 {
			defer procUnregisterSuspendResume.Call(power)
		}
	}
	if w.standby {
		const windowHandle = 0 // DEVICE_NOTIFY_WINDOW_HANDLE
		if power, _, _ := procRegisterPower.Call(hwnd, uintptr(unsafe.Pointer(&sessionDisplay)), windowHandle); power != 0 {
			defer procUnregisterPower.Call(power)
		}
	}
	l.Ready()
	<-ctx.Done()
	return nil
}

// modernStandby reports whether the computer has modern standby instead of a
// suspend.
//
// Source: "CallNtPowerInformation function",
// https://learn.microsoft.com/windows/win32/api/powerbase/nf-powerbase-callntpowerinformation,
// and POWER_PLATFORM_INFORMATION of winnt.h: AoAc, "always on, always connected".
func modernStandby() bool {
	const platformInformation = 66
	var aoAc byte
	if procPowerInformation.Find() != nil {
		return false
	}
	status, _, _ := procPowerInformation.Call(platformInformation, 0, 0, uintptr(unsafe.Pointer(&aoAc)), unsafe.Sizeof(aoAc))
	return uint32(status) == 0 && aoAc != 0 // zero is STATUS_SUCCESS
}

// query asks for the state at the beginning.
//
// Source: "WTSQuerySessionInformationW function" in Microsoft's Windows API
// reference.
func query() (State, error) {
	const currentSession, sessionInfoEx = ^uintptr(0), 25
	var buf *byte
	var size uint32
	ok, _, err := procQuerySession.Call(0, currentSession, sessionInfoEx, uintptr(unsafe.Pointer(&buf)), uintptr(unsafe.Pointer(&size)))
	if ok == 0 || buf == nil {
		return State{}, fmt.Errorf("WTSQuerySessionInformation: %w", err)
	}
	defer procFreeMemory.Call(uintptr(unsafe.Pointer(buf)))
	return decodeInfo(unsafe.Slice(buf, size))
}

// clocks returns the time since the computer started and the part of it without
// suspends.
//
// Source: "GetTickCount64 function" and "QueryUnbiasedInterruptTime function"
// in Microsoft's Windows API reference.
func clocks() (sinceBoot, awake time.Duration) {
	up, _, _ := procGetTickCount64.Call()
	var steps uint64 // of 100 ns
	procQueryUnbiasedInterruptTime.Call(uintptr(unsafe.Pointer(&steps)))
	return time.Duration(up) * time.Millisecond, time.Duration(steps) * 100
}

// applyPower applies a change of the power, which Windows passes by its address.
func (w *Watcher) applyPower(at uintptr) {
	const size = 24 // with a number; others are longer
	// The address is that of Windows' memory, so that nothing of Go's moves.
	raw := unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), size)
	if c, ok := decodePower(raw); ok {
		w.state.screen(c, time.Now())
	}
}

// receive handles a message of the hidden window. The computer is suspended,
// and the session ends, only after it has returned.
func (w *Watcher) receive(m winmsg.Message) {
	w.mu.Lock()
	before := w.state
	limit := w.state.apply(m, time.Now())
	if m.ID == winmsg.PowerBroadcast && m.WParam == powerSetting && m.LParam != 0 && w.standby {
		w.applyPower(m.LParam)
	}
	changed := w.state != before
	var delayed <-chan struct{}
	if limit > 0 {
		delayed = w.delay(limit) // before anybody can see the new state
	}
	w.mu.Unlock()
	if changed {
		w.notify()
	}
	if delayed != nil {
		<-delayed
	}
}
