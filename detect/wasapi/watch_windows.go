//go:build amd64 || arm64

package wasapi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/windows"

	"heliograph/detect/oscall"
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

// keyFriendlyName is the name of a device for people.
//
// Source: PKEY_Device_FriendlyName of functiondiscoverykeys_devpkey.h.
var keyFriendlyName = propertyKey{newGUID(0xA45C254E, 0xDF1C, 0x4EFD, 0x802067D146A850E0), 14}

// Places of methods in the tables of these interfaces.
const (
	// IMMDeviceEnumerator
	enumAudioEndpoints   = 3
	registerEndpoints    = 6 // RegisterEndpointNotificationCallback
	unregisterEndpoints  = 7
	collectionGetCount   = 3 // IMMDeviceCollection
	collectionItem       = 4
	deviceActivate       = 3 // IMMDevice
	openPropertyStore    = 4
	deviceGetID          = 5
	propertyGetValue     = 5 // IPropertyStore
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
	flowRender     = 0 // EDataFlow
	flowCapture    = 1
	deviceActive   = 1 // DEVICE_STATE_ACTIVE
	sessionActive  = 1 // AudioSessionStateActive
	sessionExpired = 2 // AudioSessionStateExpired
	storageRead    = 0 // STGM_READ
)

// Watcher keeps the active sessions up to date. It lists all of them when
// Windows reports a change of any, and when the schedule says so.
type Watcher struct {
	notify  func()
	loop    *oscall.Loop
	changed chan struct{}

	// newEnumerator makes the object from which all others come.
	newEnumerator func() (*object, error)

	// Of the loop alone.
	enumerator *object
	onDevice   *notifier
	// onSession and onEvent are registered in turn: whether Windows can register
	// a notifier again, and which of the two registrations it then removes, is
	// not documented.
	onSession [2][flows]*notifier
	onEvent   [2]*notifier
	turn      int
	undo      []func() // gives back what the latest listing has acquired
	handed    [flows][]handed
	schedule  schedule

	mu       sync.Mutex
	sessions Sessions
}

// handed is a session that was announced and is not in the list yet.
type handed struct {
	control  *object // IAudioSessionControl2
	instance string
}

// flows is how many directions of sound there are: playing and recording.
const flows = 2

// Watch starts to watch the audio sessions; ctx is for opening only. notify is
// called, from any goroutine, when Sessions may return something else; it must
// not block. It is an error if there is no sound device, or if none works.
func Watch(ctx context.Context, notify func()) (*Watcher, error) {
	return watch(ctx, notify, func() (*object, error) { return create(&clsidDeviceEnumerator, &iidDeviceEnumerator) })
}

func watch(ctx context.Context, notify func(), newEnumerator func() (*object, error)) (*Watcher, error) {
	w := &Watcher{notify: notify, changed: make(chan struct{}, 1), newEnumerator: newEnumerator}
	loop, err := oscall.Start(ctx, "audio sessions", notify, w.run)
	if err != nil {
		return nil, err
	}
	w.loop = loop
	return w, nil
}

// openNotifiers gets the objects that Windows calls.
func (w *Watcher) openNotifiers() {
	w.onDevice = openNotifier(iidNotificationClient, w.changed, onDeviceStateChanged, onDeviceAdded, onDeviceRemoved)
	for turn := range w.onEvent {
		w.onEvent[turn] = openNotifier(iidSessionEvents, w.changed, onStateChanged, onDisconnected)
		for flow := range w.onSession[turn] {
			w.onSession[turn][flow] = openNotifier(iidSessionNotification, w.changed)
		}
	}
}

// closeNotifiers gives them back. Windows may still call them.
func (w *Watcher) closeNotifiers() {
	w.onDevice.close()
	for turn := range w.onEvent {
		w.onEvent[turn].close()
		for flow := range w.onSession[turn] {
			w.onSession[turn][flow].close()
		}
	}
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
	w.openNotifiers()
	defer w.closeNotifiers()
	defer w.closeObjects()
	if err := w.openObjects(); err != nil {
		return fmt.Errorf("audio sessions: %w", err)
	}
	l.Ready()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(time.Until(w.schedule.next()))
		select {
		case <-ctx.Done():
			return nil
		case <-w.changed:
		case <-timer.C:
		}
		before := w.sessions // written by this goroutine alone
		if err := l.Call(w.list); err != nil {
			return fmt.Errorf("audio sessions: %w", err)
		}
		if !w.sessions.equal(before) {
			w.notify()
		}
	}
}

func (w *Watcher) openObjects() error {
	enumerator, err := w.newEnumerator()
	if err != nil {
		return err
	}
	if err := enumerator.call(registerEndpoints, w.onDevice.address()); err != nil {
		enumerator.release()
		return err
	}
	w.enumerator = enumerator
	return w.list()
}

func (w *Watcher) closeObjects() {
	undoAll(w.undo)
	for _, list := range w.handed {
		for _, h := range list {
			h.control.release()
		}
	}
	if w.enumerator != nil {
		_ = w.enumerator.call(unregisterEndpoints, w.onDevice.address()) // it is released next
		w.enumerator.release()
	}
}

// undoAll releases what a listing has acquired, the latest first.
func undoAll(undo []func()) {
	for i := len(undo) - 1; i >= 0; i-- {
		undo[i]()
	}
}
