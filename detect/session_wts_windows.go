package detect

import (
	"context"
	"fmt"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	wtsapi32                       = windows.NewLazySystemDLL("wtsapi32.dll")
	procWTSRegister                = wtsapi32.NewProc("WTSRegisterSessionNotification")
	procWTSUnregister              = wtsapi32.NewProc("WTSUnRegisterSessionNotification")
	procWTSQuery                   = wtsapi32.NewProc("WTSQuerySessionInformationW")
	procWTSFree                    = wtsapi32.NewProc("WTSFreeMemory")
	procRegisterSuspendResume      = user32.NewProc("RegisterSuspendResumeNotification")
	procUnregisterSuspendResume    = user32.NewProc("UnregisterSuspendResumeNotification")
	procQueryUnbiasedInterruptTime = kernel32.NewProc("QueryUnbiasedInterruptTime")
)

// wtsSession tells lock, remote disconnection, sleep and the end of the
// session, as the hidden window hears of them.
type wtsSession struct {
	wake  func()
	ears  *listener
	power uintptr
	hold  *sleepHold

	mu      sync.Mutex
	state   seatState
	witness wakeWitness
	woke    time.Time
}

func openWTS(_ context.Context, e env) (source, error) {
	s := &wtsSession{wake: e.changed, hold: e.sleep}
	if state, err := querySession(); err == nil {
		s.state = state // else the events alone tell
	}
	s.witness.slept(clocks())
	ears, err := listen(s.tell)
	if err != nil {
		return nil, err
	}
	s.ears = ears
	if ok, _, err := procWTSRegister.Call(ears.win.handle, 0); ok == 0 { // of this session
		ears.close()
		return nil, fmt.Errorf("notices of locking are refused: %w", err)
	}
	// A machine that sleeps without powering down tells only who asks.
	if procRegisterSuspendResume.Find() == nil {
		s.power, _, _ = procRegisterSuspendResume.Call(ears.win.handle, 0)
	}
	return s, nil
}

// querySession asks for the state to begin with.
func querySession() (seatState, error) {
	const currentSession, sessionInfoEx = ^uintptr(0), 25
	var buf *byte
	var size uint32
	ok, _, err := procWTSQuery.Call(0, currentSession, sessionInfoEx, uintptr(unsafe.Pointer(&buf)), uintptr(unsafe.Pointer(&size)))
	if ok == 0 || buf == nil {
		return seatState{}, fmt.Errorf("this session's state cannot be read: %w", err)
	}
	defer procWTSFree.Call(uintptr(unsafe.Pointer(buf)))
	return decodeSessionInfo(unsafe.Slice(buf, size))
}

// clocks are the time since the start, and the part of it without sleep.
func clocks() (running, awake time.Duration) {
	up, _, _ := procGetTickCount64.Call()
	var steps uint64 // of 100 ns
	procQueryUnbiasedInterruptTime.Call(uintptr(unsafe.Pointer(&steps)))
	return time.Duration(up) * time.Millisecond, time.Duration(steps) * 100
}

// tell hears the hidden window. Windows waits for its answer before the
// machine sleeps or the program ends.
func (s *wtsSession) tell(msg uint32, w, _ uintptr) {
	s.mu.Lock()
	slept := s.state.asleep
	changed, hold := s.state.message(msg, w)
	if slept && !s.state.asleep {
		s.woke = time.Now().Round(0)
	}
	var ready <-chan struct{}
	if hold > 0 {
		ready = s.hold.begin(hold) // before anybody can see that the computer goes to sleep
	}
	s.mu.Unlock()
	if changed {
		s.wake()
	}
	if ready != nil {
		<-ready
	}
}

func (s *wtsSession) sample() (result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.witness.slept(clocks()) {
		s.state.asleep, s.woke = false, time.Now().Round(0) // this runs, so it is awake
	}
	return seatResult{locked: s.state.locked, asleep: s.state.asleep, elsewhere: s.state.elsewhere, woke: s.woke}, nil
}

func (s *wtsSession) close() {
	s.hold.release()
	procWTSUnregister.Call(s.ears.win.handle)
	if s.power != 0 {
		procUnregisterSuspendResume.Call(s.power)
	}
	s.ears.close()
}
