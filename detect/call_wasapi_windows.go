package detect

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"heliograph/detect/call"
)

// Classes, interfaces and places of their methods in Windows' audio.
//
// Source: mmdeviceapi.h and audiopolicy.h of the Windows SDK;
// https://learn.microsoft.com/windows/win32/coreaudio/wasapi
var (
	classDeviceEnumerator = guid(0xBCDE0395, 0xE52F, 0x467C, 0x8E3DC4579291692E)
	idDeviceEnumerator    = guid(0xA95664D2, 0x9614, 0x4F35, 0xA746DE8DB63617E6)
	idDeviceNotice        = guid(0x7991EEC9, 0x7E89, 0x4D85, 0x83906C703CEC60C0)
	idSessionManager      = guid(0x77AA99A0, 0x1BD6, 0x484F, 0x8BC72C654C9A9B6F)
	idSessionNotice       = guid(0x641DD20B, 0x4D41, 0x49CC, 0xABA3174B9477BB08)
	idSessionControl      = guid(0xBFB7FF88, 0x7239, 0x4FC9, 0x8FA207C950BE9C6D)
	idSessionEvents       = guid(0x24918ACC, 0x64B3, 0x37C1, 0x8CA974A66E9957A8)
)

const (
	enumEndpoints      = 3 // IMMDeviceEnumerator
	registerEndpoint   = 6
	unregisterEndpoint = 7
	collectionCount    = 3 // IMMDeviceCollection
	collectionItem     = 4
	deviceActivate     = 3 // IMMDevice
	deviceID           = 5
	sessionEnumerator  = 5 // IAudioSessionManager2
	registerSession    = 6
	unregisterSession  = 7
	sessionsCount      = 3 // IAudioSessionEnumerator
	sessionsItem       = 4
	sessionState       = 3 // IAudioSessionControl2
	sessionName        = 4
	registerEvents     = 10
	unregisterEvents   = 11
	sessionInstance    = 13
	sessionProcess     = 14

	onDeviceState    = 3 // IMMNotificationClient
	onDeviceAdded    = 4
	onDeviceRemoved  = 5
	onSessionCreated = 3 // IAudioSessionNotification
	onState          = 8 // IAudioSessionEvents; volumes are nobody's business here
	onDisconnected   = 9

	flowRender    = 0
	flowCapture   = 1
	deviceActive  = 1
	sessionActive = 1
)

func guid(a uint32, b, c uint16, d uint64) windows.GUID {
	g := windows.GUID{Data1: a, Data2: b, Data3: c}
	for i := range g.Data4 {
		g.Data4[i] = byte(d >> (56 - 8*i))
	}
	return g
}

// wasapi hears of audio sessions: which process records or plays, on which
// device. It asks for all of them when Windows tells of any change.
type wasapi struct {
	enumerator func() (*unknown, error)

	wake   func()
	ring   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}

	// Of the goroutine alone.
	devices *unknown
	bells   struct{ device, session, events *bell }
	held    []undo

	mu        sync.Mutex
	err       error
	captures  []call.Sound
	playbacks []call.Sound
}

// undo gives back what one reading has registered, the last first.
type undo func()

func openWASAPI(ctx context.Context, e env) (source, error) {
	return openSessions(ctx, e.changed, func() (*unknown, error) { return create(&classDeviceEnumerator, &idDeviceEnumerator) })
}

// openSessions is openWASAPI over the enumerator of devices that enumerator
// makes.
func openSessions(ctx context.Context, wake func(), enumerator func() (*unknown, error)) (source, error) {
	w := &wasapi{enumerator: enumerator, wake: wake, ring: make(chan struct{}, 1), done: make(chan struct{})}
	w.bells.device = newBell(idDeviceNotice, w.ring, onDeviceState, onDeviceAdded, onDeviceRemoved)
	w.bells.session = newBell(idSessionNotice, w.ring, onSessionCreated)
	w.bells.events = newBell(idSessionEvents, w.ring, onState, onDisconnected)
	ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	started := make(chan error)
	go w.follow(ctx, started)
	if err := <-started; err != nil {
		w.cancel()
		<-w.done
		return nil, fmt.Errorf("audio sessions cannot be followed: %w", err)
	}
	return w, nil
}

// follow owns all objects; they belong to the apartment of its thread.
func (w *wasapi) follow(ctx context.Context, started chan<- error) {
	defer close(w.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// S_FALSE: the thread had joined before.
	if err := windows.CoInitializeEx(0, windows.COINIT_MULTITHREADED); err != nil && !errors.Is(err, syscall.Errno(1)) {
		started <- err
		return
	}
	defer windows.CoUninitialize()
	err := w.start()
	defer w.end()
	started <- err
	if err != nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.ring:
		}
		if err := w.read(); err != nil {
			w.mu.Lock()
			w.err = fmt.Errorf("audio sessions: %w", err)
			w.mu.Unlock()
			w.wake()
			return
		}
		w.wake()
	}
}

func (w *wasapi) start() error {
	var err error
	if w.devices, err = w.enumerator(); err != nil {
		return err
	}
	if err := w.devices.call(registerEndpoint, uintptr(unsafe.Pointer(w.bells.device))); err != nil {
		return err
	}
	return w.read()
}

func (w *wasapi) end() {
	w.drop(w.held)
	if w.devices != nil {
		_ = w.devices.call(unregisterEndpoint, uintptr(unsafe.Pointer(w.bells.device))) // it goes anyway
		w.devices.release()
	}
	runtime.KeepAlive(w)
}

func (*wasapi) drop(held []undo) {
	for i := len(held) - 1; i >= 0; i-- {
		held[i]()
	}
}

// read lists all sessions anew. What it registers for is given back only
// after the next reading, so that nothing is missed between.
func (w *wasapi) read() error {
	old := w.held
	w.held = nil
	defer w.drop(old)
	all, err := processes()
	if err != nil {
		return err
	}
	captures, microphones, err := w.sessions(flowCapture, all)
	if err != nil {
		return err
	}
	playbacks, speakers, err := w.sessions(flowRender, all)
	if err != nil {
		return err
	}
	if microphones+speakers == 0 {
		return errors.New("there is no sound device")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.captures, w.playbacks = captures, playbacks
	return nil
}

// sessions lists what records, or plays, on every device of now, and counts
// the devices.
func (w *wasapi) sessions(flow uintptr, all map[uint32]process) (out []call.Sound, n uint32, err error) {
	var list *unknown
	if err := w.devices.call(enumEndpoints, flow, deviceActive, uintptr(unsafe.Pointer(&list))); err != nil {
		return nil, 0, err
	}
	defer list.release()
	if err := list.call(collectionCount, uintptr(unsafe.Pointer(&n))); err != nil {
		return nil, 0, err
	}
	for i := range n {
		var device *unknown
		if list.call(collectionItem, uintptr(i), uintptr(unsafe.Pointer(&device))) != nil {
			continue // unplugged meanwhile; a notice follows
		}
		streams, err := w.deviceSessions(device, all)
		device.release()
		if err != nil {
			return nil, 0, err
		}
		out = append(out, streams...)
	}
	return out, n, nil
}

// deviceSessions lists the sessions of one device and registers for more.
func (w *wasapi) deviceSessions(device *unknown, all map[uint32]process) ([]call.Sound, error) {
	const anyContext = 0x17
	var manager *unknown
	if err := device.call(deviceActivate, uintptr(unsafe.Pointer(&idSessionManager)), anyContext, 0, uintptr(unsafe.Pointer(&manager))); err != nil {
		return nil, err
	}
	w.held = append(w.held, manager.release)
	if err := manager.call(registerSession, uintptr(unsafe.Pointer(w.bells.session))); err != nil {
		return nil, err
	}
	w.held = append(w.held, func() { _ = manager.call(unregisterSession, uintptr(unsafe.Pointer(w.bells.session))) })
	// Windows tells of new sessions only who has listed the old ones.
	var list *unknown
	if err := manager.call(sessionEnumerator, uintptr(unsafe.Pointer(&list))); err != nil {
		return nil, err
	}
	defer list.release()
	var n int32
	if err := list.call(sessionsCount, uintptr(unsafe.Pointer(&n))); err != nil {
		return nil, err
	}
	name := device.text(deviceID)
	var out []call.Sound
	for i := range n {
		var plain *unknown
		if list.call(sessionsItem, uintptr(i), uintptr(unsafe.Pointer(&plain))) != nil {
			continue
		}
		control, err := plain.query(&idSessionControl)
		plain.release()
		if err != nil {
			continue
		}
		w.held = append(w.held, control.release)
		if control.call(registerEvents, uintptr(unsafe.Pointer(w.bells.events))) == nil {
			w.held = append(w.held, func() { _ = control.call(unregisterEvents, uintptr(unsafe.Pointer(w.bells.events))) })
		}
		if s, ok := session(control, all); ok {
			s.Source = name
			out = append(out, s)
		}
	}
	return out, nil
}

// session reads one; those that are open but rest are let be.
func session(control *unknown, all map[uint32]process) (call.Sound, bool) {
	var state, pid uint32
	if control.call(sessionState, uintptr(unsafe.Pointer(&state))) != nil || state != sessionActive {
		return call.Sound{}, false
	}
	// Of a session of several processes, the first is told.
	if control.call(sessionProcess, uintptr(unsafe.Pointer(&pid))) != nil {
		return call.Sound{}, false
	}
	h := fnv.New32a()
	h.Write([]byte(control.text(sessionInstance)))
	s := call.Sound{Index: h.Sum32(), Label: control.text(sessionName), PID: int(pid), Names: family(pid, all)}
	s.Own = s.PID == windows.Getpid()
	s.Plumbing = pid == 0 // the sounds of the system
	return s, true
}

func (w *wasapi) sample() (result, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return nil, w.err
	}
	return soundResult{captures: w.captures, playbacks: w.playbacks}, nil
}

func (w *wasapi) close() {
	w.cancel()
	<-w.done
}
