package coreaudio

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"

	"heliograph/detect/corefoundation"
	"heliograph/detect/oscall"
)

// mainElement is kAudioObjectPropertyElementMain.
const mainElement = 0

// address is AudioObjectPropertyAddress.
type address struct{ selector, scope, element uint32 }

// addressOf returns the address of a property of the whole object. Within the
// scope of input alone, macOS does not notify of each change of use
// (Vixen-Labs/busylight#93).
func addressOf(selector string) *address {
	return &address{selector: code(selector), scope: code(global), element: mainElement}
}

// Functions of AudioHardware.h.
var (
	audioHasProperty    func(object uint32, a *address) bool
	audioPropertySize   func(object uint32, a *address, qualifierSize uint32, qualifier uintptr, size *uint32) int32
	audioPropertyData   func(object uint32, a *address, qualifierSize uint32, qualifier uintptr, size *uint32, data unsafe.Pointer) int32
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
		"AudioObjectAddPropertyListener":    &audioAddListener,
		"AudioObjectRemovePropertyListener": &audioRemoveListener,
	})
})

// changes are the channels of the watchers, for the callback.
var changes corefoundation.Handles[chan<- struct{}]

// callback is made once, since purego never frees one. It must not block:
// Core Audio holds locks while it calls.
var callback = sync.OnceValue(func() uintptr {
	return purego.NewCallback(func(_ uint32, _ uint32, _ uintptr, number uintptr) uintptr {
		changed, _ := changes.Get(number)
		select {
		case changed <- struct{}{}: // never, after the watcher has ended: it is nil
		default:
		}
		return 0
	})
})

// Watcher keeps the recording and playing processes up to date. It lists all of
// them when Core Audio notifies of any change.
type Watcher struct {
	notify  func()
	loop    *oscall.Loop
	changed chan struct{}

	// Of the loop alone.
	number    uintptr // in changes
	listening []listenedTo

	mu     sync.Mutex
	active []Process
}

// Watch starts to watch; ctx is for opening only. notify is called, from any
// goroutine, when Processes may return something else; it must not block. It is
// an error if macOS is older than 14.2.
func Watch(ctx context.Context, notify func()) (*Watcher, error) {
	w := &Watcher{notify: notify, changed: make(chan struct{}, 1)}
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
	if !audioHasProperty(systemObject, addressOf(processes)) {
		return errors.New("this macOS does not report which program records; version 14.2 and later do")
	}
	w.number = changes.New(w.changed)
	defer changes.Delete(w.number)
	defer w.listen(nil)
	if err := w.list(); err != nil {
		return err
	}
	l.Ready()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.changed:
		}
		if err := l.Call(w.list); err != nil {
			return err
		}
		w.notify()
	}
}

// list listens to the present objects, then reads them, so that no change
// between the two is missed.
func (w *Watcher) list() error {
	deviceIDs, err := list(devices)
	if err != nil {
		return err
	}
	processIDs, err := list(processes)
	if err != nil {
		return err
	}
	w.listen(properties(deviceIDs, processIDs))
	var active []Process
	for _, id := range processIDs {
		p := Process{ID: id, Recording: number(id, processRecording) != 0, Playing: number(id, processPlaying) != 0}
		if p.Recording || p.Playing {
			p.PID = int(int32(number(id, processPID)))
			p.Bundle = text(id, processBundle)
			active = append(active, p)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active = active
	return nil
}

// listen listens to these properties and to no others. The listeners of an
// object that is gone are gone, too.
func (w *Watcher) listen(want []listenedTo) {
	add, remove := difference(w.listening, want)
	failed := map[listenedTo]bool{}
	for _, p := range remove {
		audioRemoveListener(p.object, addressOf(p.selector), callback(), w.number)
	}
	for _, p := range add {
		failed[p] = audioAddListener(p.object, addressOf(p.selector), callback(), w.number) != 0
	}
	w.listening = nil
	for _, p := range want {
		if !failed[p] {
			w.listening = append(w.listening, p)
		}
	}
}

// list returns a list of objects of the system object.
func list(selector string) ([]uint32, error) {
	var size uint32
	if status := audioPropertySize(systemObject, addressOf(selector), 0, 0, &size); status != 0 {
		return nil, fmt.Errorf("list %q of Core Audio: status %d", selector, status)
	}
	if size == 0 {
		return nil, nil
	}
	buf := make([]byte, size)
	if status := audioPropertyData(systemObject, addressOf(selector), 0, 0, &size, unsafe.Pointer(&buf[0])); status != 0 {
		return nil, fmt.Errorf("list %q of Core Audio: status %d", selector, status)
	}
	return decodeIDs(buf[:min(int(size), len(buf))]), nil
}

// number returns a number of an object; 0 if it has none or is gone.
func number(object uint32, selector string) uint32 {
	var n uint32
	size := uint32(unsafe.Sizeof(n))
	if audioPropertyData(object, addressOf(selector), 0, 0, &size, unsafe.Pointer(&n)) != 0 {
		return 0
	}
	return n
}

// text returns a text of an object; empty if it has none or is gone.
func text(object uint32, selector string) string {
	var ref corefoundation.Ref
	size := uint32(unsafe.Sizeof(ref))
	if audioPropertyData(object, addressOf(selector), 0, 0, &size, unsafe.Pointer(&ref)) != 0 {
		return ""
	}
	defer ref.Release()
	return ref.Text()
}
