// Package wasapi reports which processes record and which play sound, from the
// audio sessions of Windows (WASAPI). It never opens an audio stream.
package wasapi

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

	"heliograph/detect/oscall"
	"heliograph/detect/winproc"
)

// Classes and interfaces.
//
// Source: mmdeviceapi.h and audiopolicy.h of the Windows SDK; "About WASAPI",
// https://learn.microsoft.com/windows/win32/coreaudio/wasapi
var (
	clsidDeviceEnumerator  = newGUID(0xBCDE0395, 0xE52F, 0x467C, 0x8E3DC4579291692E) // MMDeviceEnumerator
	iidDeviceEnumerator    = newGUID(0xA95664D2, 0x9614, 0x4F35, 0xA746DE8DB63617E6) // IMMDeviceEnumerator
	iidNotificationClient  = newGUID(0x7991EEC9, 0x7E89, 0x4D85, 0x83906C703CEC60C0) // IMMNotificationClient
	iidSessionManager      = newGUID(0x77AA99A0, 0x1BD6, 0x484F, 0x8BC72C654C9A9B6F) // IAudioSessionManager2
	iidSessionNotification = newGUID(0x641DD20B, 0x4D41, 0x49CC, 0xABA3174B9477BB08) // IAudioSessionNotification
	iidSessionControl      = newGUID(0xBFB7FF88, 0x7239, 0x4FC9, 0x8FA207C950BE9C6D) // IAudioSessionControl2
	iidSessionEvents       = newGUID(0x24918ACC, 0x64B3, 0x37C1, 0x8CA974A66E9957A8) // IAudioSessionEvents
)

// Places of methods in the tables of these interfaces.
const (
	// IMMDeviceEnumerator
	enumAudioEndpoints   = 3
	registerEndpoints    = 6 // RegisterEndpointNotificationCallback
	unregisterEndpoints  = 7
	collectionGetCount   = 3 // IMMDeviceCollection
	collectionItem       = 4
	deviceActivate       = 3 // IMMDevice
	deviceGetID          = 5
	getSessionEnumerator = 5 // IAudioSessionManager2
	registerSessions     = 6 // RegisterSessionNotification
	unregisterSessions   = 7
	sessionsGetCount     = 3 // IAudioSessionEnumerator
	sessionsGetSession   = 4
	// IAudioSessionControl2
	getState           = 3
	getDisplayName     = 4
	registerEvents     = 10 // RegisterAudioSessionNotification
	unregisterEvents   = 11
	getSessionInstance = 13 // GetSessionInstanceIdentifier
	getProcessID       = 14
	// IMMNotificationClient
	onDeviceStateChanged = 3
	onDeviceAdded        = 4
	onDeviceRemoved      = 5
	onSessionCreated     = 3 // IAudioSessionNotification
	onStateChanged       = 8 // IAudioSessionEvents
	onDisconnected       = 9
)

// Values of these interfaces.
const (
	flowRender    = 0 // EDataFlow
	flowCapture   = 1
	deviceActive  = 1 // DEVICE_STATE_ACTIVE
	sessionActive = 1 // AudioSessionStateActive
)

// Session is an audio session with an open stream that is not paused. Sound
// need not flow.
type Session struct {
	ID uint32 // stays the same for as long as the session exists
	// PID is the session's process, the first of several; 0 for the sounds of
	// Windows itself.
	PID int
	// Names identify the program, as winproc.Table.Names returns them.
	Names  []string
	Label  string // the name that the program gives to the session; mostly empty
	Device string // the id of the endpoint
}

// Sessions are the active sessions of all sound devices.
type Sessions struct {
	Recording []Session
	Playing   []Session
}

// Watcher keeps the active sessions up to date. It lists all of them when
// Windows reports a change of any.
type Watcher struct {
	notify  func()
	loop    *oscall.Loop
	changed chan struct{}

	// newEnumerator makes the object from which all others come.
	newEnumerator func() (*object, error)

	// Of the loop alone.
	enumerator *object
	onDevice   *notifier
	onSession  *notifier
	onEvent    *notifier
	undo       []func() // gives back what the latest listing has acquired

	mu       sync.Mutex
	sessions Sessions
}

// Watch starts to watch the audio sessions; ctx is for opening only. notify is
// called, from any goroutine, when Sessions may return something else; it must
// not block. It is an error if there is no sound device.
func Watch(ctx context.Context, notify func()) (*Watcher, error) {
	return watch(ctx, notify, func() (*object, error) { return create(&clsidDeviceEnumerator, &iidDeviceEnumerator) })
}

func watch(ctx context.Context, notify func(), newEnumerator func() (*object, error)) (*Watcher, error) {
	w := &Watcher{notify: notify, changed: make(chan struct{}, 1), newEnumerator: newEnumerator}
	w.onDevice = newNotifier(iidNotificationClient, w.changed, onDeviceStateChanged, onDeviceAdded, onDeviceRemoved)
	w.onSession = newNotifier(iidSessionNotification, w.changed, onSessionCreated)
	w.onEvent = newNotifier(iidSessionEvents, w.changed, onStateChanged, onDisconnected)
	loop, err := oscall.Start(ctx, "audio sessions", notify, w.run)
	if err != nil {
		return nil, err
	}
	w.loop = loop
	return w, nil
}

// Sessions returns the active sessions. An error means that they are no longer
// watched.
func (w *Watcher) Sessions() (Sessions, error) {
	if err := w.loop.Err(); err != nil {
		return Sessions{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sessions, nil
}

// Close ends the watcher. It may be called more than once.
func (w *Watcher) Close() { w.loop.Close() }

// run owns all objects; they belong to the COM apartment of its thread.
func (w *Watcher) run(ctx context.Context, l *oscall.Loop) error {
	const alreadyJoined = syscall.Errno(1) // S_FALSE
	if err := windows.CoInitializeEx(0, windows.COINIT_MULTITHREADED); err != nil && !errors.Is(err, alreadyJoined) {
		return fmt.Errorf("audio sessions: %w", err)
	}
	defer windows.CoUninitialize()
	defer w.closeObjects()
	if err := w.openObjects(); err != nil {
		return fmt.Errorf("audio sessions: %w", err)
	}
	l.Ready()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.changed:
		}
		if err := l.Call(w.list); err != nil {
			return fmt.Errorf("audio sessions: %w", err)
		}
		w.notify()
	}
}

func (w *Watcher) openObjects() error {
	enumerator, err := w.newEnumerator()
	if err != nil {
		return err
	}
	if err := enumerator.call(registerEndpoints, uintptr(unsafe.Pointer(w.onDevice))); err != nil {
		enumerator.release()
		return err
	}
	w.enumerator = enumerator
	return w.list()
}

func (w *Watcher) closeObjects() {
	undoAll(w.undo)
	if w.enumerator != nil {
		_ = w.enumerator.call(unregisterEndpoints, uintptr(unsafe.Pointer(w.onDevice))) // it is released next
		w.enumerator.release()
	}
	runtime.KeepAlive(w)
}

// undoAll releases what a listing has acquired, the latest first.
func undoAll(undo []func()) {
	for i := len(undo) - 1; i >= 0; i-- {
		undo[i]()
	}
}

// list lists the sessions of all devices anew. The registrations of the
// previous listing are removed only afterwards, so that no change is missed in
// between.
func (w *Watcher) list() error {
	before := w.undo
	w.undo = nil
	defer undoAll(before)
	processes, err := winproc.Snapshot()
	if err != nil {
		return err
	}
	recording, microphones, err := w.listFlow(flowCapture, processes)
	if err != nil {
		return err
	}
	playing, speakers, err := w.listFlow(flowRender, processes)
	if err != nil {
		return err
	}
	if microphones+speakers == 0 {
		return errors.New("there is no sound device")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sessions = Sessions{recording, playing}
	return nil
}

// listFlow lists the sessions that record, or that play, and counts the devices
// for that.
func (w *Watcher) listFlow(flow uintptr, processes winproc.Table) (all []Session, devices uint32, err error) {
	var collection *object
	if err := w.enumerator.call(enumAudioEndpoints, flow, deviceActive, uintptr(unsafe.Pointer(&collection))); err != nil {
		return nil, 0, err
	}
	defer collection.release()
	if err := collection.call(collectionGetCount, uintptr(unsafe.Pointer(&devices))); err != nil {
		return nil, 0, err
	}
	for i := range devices {
		var device *object
		if collection.call(collectionItem, uintptr(i), uintptr(unsafe.Pointer(&device))) != nil {
			continue // unplugged meanwhile; that is notified
		}
		sessions, err := w.listDevice(device, processes)
		device.release()
		if err != nil {
			return nil, 0, err
		}
		all = append(all, sessions...)
	}
	return all, devices, nil
}

// listDevice lists the sessions of a device and registers for new ones and for
// changes of each.
func (w *Watcher) listDevice(device *object, processes winproc.Table) ([]Session, error) {
	var manager *object
	if err := device.call(deviceActivate, uintptr(unsafe.Pointer(&iidSessionManager)), clsctxAll, 0, uintptr(unsafe.Pointer(&manager))); err != nil {
		return nil, err
	}
	w.undo = append(w.undo, manager.release)
	if err := manager.call(registerSessions, uintptr(unsafe.Pointer(w.onSession))); err != nil {
		return nil, err
	}
	w.undo = append(w.undo, func() { _ = manager.call(unregisterSessions, uintptr(unsafe.Pointer(w.onSession))) })
	// Windows notifies of new sessions only after the existing ones were listed
	// ("IAudioSessionManager2::RegisterSessionNotification").
	var enumerator *object
	if err := manager.call(getSessionEnumerator, uintptr(unsafe.Pointer(&enumerator))); err != nil {
		return nil, err
	}
	defer enumerator.release()
	var n int32
	if err := enumerator.call(sessionsGetCount, uintptr(unsafe.Pointer(&n))); err != nil {
		return nil, err
	}
	name := device.text(deviceGetID)
	var active []Session
	for i := range n {
		control, err := sessionAt(enumerator, i)
		if err != nil {
			continue // ended meanwhile
		}
		w.undo = append(w.undo, control.release)
		if control.call(registerEvents, uintptr(unsafe.Pointer(w.onEvent))) == nil {
			w.undo = append(w.undo, func() { _ = control.call(unregisterEvents, uintptr(unsafe.Pointer(w.onEvent))) })
		}
		if s, ok := readSession(control, processes); ok {
			s.Device = name
			active = append(active, s)
		}
	}
	return active, nil
}

// sessionAt returns the IAudioSessionControl2 of a session.
func sessionAt(enumerator *object, i int32) (*object, error) {
	var session *object
	if err := enumerator.call(sessionsGetSession, uintptr(i), uintptr(unsafe.Pointer(&session))); err != nil {
		return nil, err
	}
	defer session.release()
	return session.query(&iidSessionControl)
}

// readSession reads a session; it returns false for one that is not active.
func readSession(control *object, processes winproc.Table) (Session, bool) {
	var state, pid uint32
	if control.call(getState, uintptr(unsafe.Pointer(&state))) != nil || state != sessionActive {
		return Session{}, false
	}
	// A session of several processes returns the first, and a success code.
	if control.call(getProcessID, uintptr(unsafe.Pointer(&pid))) != nil {
		return Session{}, false
	}
	h := fnv.New32a()
	h.Write([]byte(control.text(getSessionInstance)))
	return Session{ID: h.Sum32(), PID: int(pid), Names: processes.Names(pid), Label: control.text(getDisplayName)}, true
}
