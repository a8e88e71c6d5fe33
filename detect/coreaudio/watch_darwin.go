package coreaudio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/ebitengine/purego"

	"heliograph/detect/corefoundation"
	"heliograph/detect/oscall"
)

// mainElement is kAudioObjectPropertyElementMain.
const mainElement = 0

// address is AudioObjectPropertyAddress.
type address struct{ selector, scope, element uint32 }

func addressOf(selector, scope string) *address {
	return &address{selector: code(selector), scope: code(scope), element: mainElement}
}

// Functions of AudioHardware.h.
var (
	audioHasProperty    func(object uint32, a *address) bool
	audioPropertySize   func(object uint32, a *address, qualifierSize uint32, qualifier uintptr, size *uint32) int32
	audioPropertyData   func(object uint32, a *address, qualifierSize uint32, qualifier uintptr, size *uint32, data unsafe.Pointer) int32
	audioSetData        func(object uint32, a *address, qualifierSize uint32, qualifier uintptr, size uint32, data unsafe.Pointer) int32
	audioAddListener    func(object uint32, a *address, callback, data uintptr) int32
	audioRemoveListener func(object uint32, a *address, callback, data uintptr) int32
)

// load binds Core Audio, once.
var load = sync.OnceValue(func() error {
	if err := corefoundation.Load(); err != nil {
		return err
	}
	return corefoundation.Bind(corefoundation.FrameworkPath("CoreAudio"), map[string]any{
		"AudioObjectHasProperty":            &audioHasProperty,
		"AudioObjectGetPropertyDataSize":    &audioPropertySize,
		"AudioObjectGetPropertyData":        &audioPropertyData,
		"AudioObjectSetPropertyData":        &audioSetData,
		"AudioObjectAddPropertyListener":    &audioAddListener,
		"AudioObjectRemovePropertyListener": &audioRemoveListener,
	})
})

// signals are the channels of the watchers, for the callback.
var signals corefoundation.Handles[chan<- struct{}]

// callback is made once, since purego never frees one. It must not block:
// Core Audio holds locks while it calls.
var callback = sync.OnceValue(func() uintptr {
	return purego.NewCallback(func(_ uint32, _ uint32, _ uintptr, number uintptr) uintptr {
		signal, _ := signals.Get(number)
		select {
		case signal <- struct{}{}: // never, after the watcher has ended: it is nil
		default:
		}
		return 0
	})
})

// Watcher keeps the recording and playing processes up to date. It lists all of
// them when Core Audio notifies of any change, and after a pause without one.
type Watcher struct {
	notify    func()
	loop      *oscall.Loop
	changed   chan struct{}
	restarted chan struct{} // the audio server has

	// Of the loop alone.
	number    uintptr // of changed, in signals
	listening []property
	pause     time.Duration

	mu     sync.Mutex
	active []Process
}

// Watch starts to watch; ctx is for opening only. notify is called, from any
// goroutine, when Processes may return something else; it must not block. It is
// an error if macOS is older than 14.2.
func Watch(ctx context.Context, notify func()) (*Watcher, error) {
	w := &Watcher{notify: notify, changed: make(chan struct{}, 1), restarted: make(chan struct{}, 1)}
	loop, err := oscall.Start(ctx, "Core Audio", notify, w.run)
	if err != nil {
		return nil, err
	}
	w.loop = loop
	return w, nil
}

// Processes returns the processes that record or play now. An error means that
// they are no longer watched.
func (w *Watcher) Processes() ([]Process, error) {
	if err := w.loop.Err(); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.active, nil
}

// Close ends the watcher. It may be called more than once.
func (w *Watcher) Close() { w.loop.Close() }

func (w *Watcher) run(ctx context.Context, l *oscall.Loop) error {
	if err := load(); err != nil {
		return err
	}
	if !audioHasProperty(systemObject, addressOf(processes, global)) {
		return errors.New("this macOS does not report which program records; version 14.2 and later do")
	}
	useOwnThread()
	w.number = signals.New(w.changed)
	defer signals.Delete(w.number)
	restarts := signals.New(w.restarted)
	defer signals.Delete(restarts)
	audioAddListener(systemObject, addressOf(serviceRestarted, global), callback(), restarts)
	defer audioRemoveListener(systemObject, addressOf(serviceRestarted, global), callback(), restarts)
	defer w.listen(nil)
	if _, err := w.list(); err != nil {
		return err
	}
	l.Ready()
	return w.follow(ctx, l)
}

// follow reads everything again after each notification, and after the pause
// that the last reading has set.
func (w *Watcher) follow(ctx context.Context, l *oscall.Loop) error {
	timer := time.NewTimer(w.pause)
	defer timer.Stop()
	for {
		restarted := false
		select {
		case <-ctx.Done():
			return nil
		case <-w.restarted:
			restarted = true
		case <-w.changed:
		case <-timer.C:
		}
		var changed bool
		err := l.Call(func() (err error) {
			corefoundation.Pool(func() {
				if restarted {
					w.listening = nil // the server has forgotten its objects, and the listeners with them
					useOwnThread()
				}
				changed, err = w.list()
			})
			return err
		})
		if err != nil {
			return err
		}
		timer.Reset(w.pause)
		if changed {
			w.notify()
		}
	}
}

// useOwnThread has Core Audio notify on a thread of its own. Otherwise it uses
// the run loop of the main thread, which runs only while there is a tray. It is
// not an error if a version of macOS refuses: the lists are read at intervals,
// too.
func useOwnThread() {
	var none corefoundation.Ref // a NULL run loop
	audioSetData(systemObject, addressOf(notifyRunLoop, global), 0, 0, uint32(unsafe.Sizeof(none)), unsafe.Pointer(&none))
}

// list listens to the present objects, then reads them, so that no change
// between the two is missed.
func (w *Watcher) list() (changed bool, err error) {
	deviceIDs, err := list(devices)
	if err != nil {
		return false, err
	}
	processIDs, err := list(processes)
	if err != nil {
		return false, err
	}
	w.listen(properties(deviceIDs, processIDs))
	w.pause = pause(readDevices(deviceIDs))
	var active []Process
	for _, id := range processIDs {
		u := readUsage(id)
		p := Process{ID: id, Recording: u.records(), Playing: u.playing}
		if p.Recording || p.Playing {
			p.PID = int(int32(number(id, processPID)))
			p.Bundle = text(id, processBundle)
			active = append(active, p)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	changed = !slices.Equal(active, w.active)
	w.active = active
	return changed, nil
}

// readUsage reads what a process does. The lists of devices are asked for only
// where they matter: there are dozens of processes.
func readUsage(id uint32) usage {
	u := usage{running: number(id, processRunning) != 0, recording: number(id, processRecording) != 0, playing: number(id, processPlaying) != 0}
	if !u.running && !u.recording {
		return u
	}
	var err error
	u.inputs, err = objects(id, processDevices, input)
	u.known = err == nil
	if len(u.inputs) > 0 {
		u.outputs, _ = objects(id, processDevices, output) // unknown as if there were none
	}
	return u
}

func readDevices(ids []uint32) []device {
	all := make([]device, len(ids))
	for i, id := range ids {
		if number(id, runningSomewhere) == 0 {
			continue
		}
		var size uint32
		status := audioPropertySize(id, addressOf(streams, input), 0, 0, &size)
		all[i] = device{running: true, input: status == 0 && size > 0}
	}
	return all
}

// listen listens to these properties and to no others. The listeners of an
// object that is gone are gone, too.
func (w *Watcher) listen(want []property) {
	add, remove := difference(w.listening, want)
	failed := map[property]bool{}
	for _, p := range remove {
		audioRemoveListener(p.object, addressOf(p.selector, p.scope), callback(), w.number)
	}
	for _, p := range add {
		failed[p] = audioAddListener(p.object, addressOf(p.selector, p.scope), callback(), w.number) != 0
	}
	w.listening = nil
	for _, p := range want {
		if !failed[p] {
			w.listening = append(w.listening, p)
		}
	}
}

// list returns a list of objects of the system object.
func list(selector string) ([]uint32, error) { return objects(systemObject, selector, global) }

// objects returns a list of objects of an object, within a scope.
func objects(of uint32, selector, scope string) ([]uint32, error) {
	var size uint32
	if status := audioPropertySize(of, addressOf(selector, scope), 0, 0, &size); status != 0 {
		return nil, fmt.Errorf("list %q of Core Audio: status %d", selector, status)
	}
	if size == 0 {
		return nil, nil
	}
	buf := make([]byte, size)
	if status := audioPropertyData(of, addressOf(selector, scope), 0, 0, &size, unsafe.Pointer(&buf[0])); status != 0 {
		return nil, fmt.Errorf("list %q of Core Audio: status %d", selector, status)
	}
	return decodeIDs(buf[:min(int(size), len(buf))]), nil
}

// number returns a number of an object; 0 if it has none or is gone.
func number(object uint32, selector string) uint32 {
	var n uint32
	size := uint32(unsafe.Sizeof(n))
	if audioPropertyData(object, addressOf(selector, global), 0, 0, &size, unsafe.Pointer(&n)) != 0 {
		return 0
	}
	return n
}

// text returns a text of an object; empty if it has none or is gone.
func text(object uint32, selector string) string {
	var ref corefoundation.Ref
	size := uint32(unsafe.Sizeof(ref))
	if audioPropertyData(object, addressOf(selector, global), 0, 0, &size, unsafe.Pointer(&ref)) != 0 {
		return ""
	}
	defer ref.Release()
	return ref.Text()
}
