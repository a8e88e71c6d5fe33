//go:build amd64 || arm64

package wasapi

import (
	"slices"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Wine implements no audio sessions (IAudioSessionManager2.GetSessionEnumerator
// returns E_NOTIMPL), so this file stands in for Windows Audio: objects that
// are called through their tables and count their references, as those of COM
// do. With it the tests show that nothing leaks, blocks or is missed. They do
// not show that Windows numbers its methods as our constants do.

// audioObject is one object of any interface.
type audioObject struct {
	methods   *[64]uintptr
	audio     *audio
	refs      int
	children  []*audioObject // devices by flow, a device's manager and store, or sessions
	state     uint32
	pid       uint32
	name      string
	fails     uintptr        // what listing returns; 0: it succeeds
	deaf      bool           // it registers nobody for new sessions
	sticky    bool           // it keeps what is registered
	hang      chan struct{}  // listing waits until it closes
	notifiers []*notifier    // registered with the object
	hidden    []*audioObject // sessions that are not in the list yet
	asked     int            // how often it was listed, or its state was read
}

// audio is all of the stand-in.
type audio struct {
	mu         sync.Mutex
	enumerator *audioObject
	objects    []*audioObject
}

// Results of winerror.h.
const (
	resultFailed         = 0x80004005 // E_FAIL
	resultNotImplemented = 0x80004001 // E_NOTIMPL
	deviceInvalidated    = 0x88890004 // AUDCLNT_E_DEVICE_INVALIDATED
	serviceNotRunning    = 0x88890010 // AUDCLNT_E_SERVICE_NOT_RUNNING
)

func (a *audio) add(o *audioObject, kind string) *audioObject {
	o.audio, o.refs, o.methods = a, 1, audioMethods()[kind]
	a.objects = append(a.objects, o)
	return o
}

// newAudio returns audio with a speaker and a microphone, and the session
// managers of both.
func newAudio() (a *audio, speaker, microphone *audioObject) {
	a = &audio{}
	manager := func() *audioObject {
		return a.add(&audioObject{children: []*audioObject{a.add(&audioObject{}, "list")}}, "manager")
	}
	devices := func(name string, manager *audioObject) *audioObject {
		device := a.add(&audioObject{name: name, children: []*audioObject{manager, a.add(&audioObject{name: "The " + name}, "store")}}, "device")
		return a.add(&audioObject{children: []*audioObject{device}}, "list")
	}
	speaker, microphone = manager(), manager()
	a.enumerator = a.add(&audioObject{children: []*audioObject{devices("speaker", speaker), devices("microphone", microphone)}}, "enumerator")
	return a, speaker, microphone
}

// newSession adds a session to a session manager.
func (a *audio) newSession(manager *audioObject, name string, pid int, state uint32) *audioObject {
	s := a.add(&audioObject{name: name, pid: uint32(pid), state: state}, "session")
	a.mu.Lock()
	defer a.mu.Unlock()
	manager.children[0].children = append(manager.children[0].children, s)
	return s
}

// announce adds a session that is not in the list, and hands it over.
func (a *audio) announce(manager *audioObject, name string, pid int, state uint32) *audioObject {
	s := a.add(&audioObject{name: name, pid: uint32(pid), state: state}, "session")
	a.mu.Lock()
	manager.hidden = append(manager.hidden, s)
	a.mu.Unlock()
	manager.handOver(s)
	return s
}

// handOver calls all notifiers of a session manager with a session.
func (o *audioObject) handOver(session *audioObject) {
	for _, n := range o.registered() {
		syscall.SyscallN(n.methods[onSessionCreated], uintptr(unsafe.Pointer(n)), uintptr(unsafe.Pointer(session)))
	}
}

// show puts the sessions that were not in the list into it.
func (a *audio) show(manager *audioObject) {
	a.mu.Lock()
	defer a.mu.Unlock()
	manager.children[0].children = append(manager.children[0].children, manager.hidden...)
	manager.hidden = nil
}

// set changes an object while it is used.
func (a *audio) set(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

// newEnumerator is for watch.
func (a *audio) newEnumerator() (*object, error) {
	a.enumerator.count(1)
	return (*object)(unsafe.Pointer(a.enumerator)), nil
}

// checkReleased fails if anything is still referenced or registered.
func (a *audio) checkReleased(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, o := range a.objects {
		if o.refs != 1 || len(o.notifiers) != 0 {
			t.Errorf("object %d (%s): %d references, %d registrations are left", i, o.name, o.refs, len(o.notifiers))
		}
	}
}

func (o *audioObject) count(by int) uintptr {
	o.audio.mu.Lock()
	defer o.audio.mu.Unlock()
	o.refs += by
	return uintptr(o.refs)
}

// reference stores a new reference to the object.
func (o *audioObject) reference(out **audioObject) uintptr {
	o.count(1)
	*out = o
	return resultOK
}

// register refuses a notifier that is registered already: what Windows then does
// is not documented.
func (o *audioObject) register(n *notifier) uintptr {
	o.audio.mu.Lock()
	defer o.audio.mu.Unlock()
	if o.deaf || slices.Contains(o.notifiers, n) {
		return resultNotImplemented
	}
	syscall.SyscallN(n.methods[addRef], uintptr(unsafe.Pointer(n)))
	o.notifiers = append(o.notifiers, n)
	return resultOK
}

func (o *audioObject) unregister(n *notifier) uintptr {
	o.audio.mu.Lock()
	defer o.audio.mu.Unlock()
	i := slices.Index(o.notifiers, n)
	if i < 0 || o.sticky {
		return resultFailed
	}
	o.notifiers = slices.Delete(o.notifiers, i, i+1)
	syscall.SyscallN(n.methods[release], uintptr(unsafe.Pointer(n)))
	return resultOK
}

// registered returns the registered notifiers.
func (o *audioObject) registered() []*notifier {
	o.audio.mu.Lock()
	defer o.audio.mu.Unlock()
	return slices.Clone(o.notifiers)
}

// notify calls all notifiers that are registered: of a session with its state,
// of a session manager without a session, as if that had ended at once.
func (o *audioObject) notify() {
	for _, n := range o.registered() {
		method := onSessionCreated
		if n.id == iidSessionEvents {
			method = onStateChanged
		}
		syscall.SyscallN(n.methods[method], uintptr(unsafe.Pointer(n)), 0)
	}
}

// text stores a copy of the name for the caller to free.
func (o *audioObject) text(out **uint16) uintptr { return duplicate(o.name, out) }

func duplicate(s string, out **uint16) uintptr {
	text, err := windows.UTF16PtrFromString(s)
	if err != nil {
		return resultFailed
	}
	dup := windows.NewLazySystemDLL("shlwapi.dll").NewProc("SHStrDupW")
	r, _, _ := dup.Call(uintptr(unsafe.Pointer(text)), uintptr(unsafe.Pointer(out)))
	return r
}

// sessions implements GetSessionEnumerator.
func (o *audioObject) sessions(out **audioObject) uintptr {
	o.audio.mu.Lock()
	fails, hang := o.fails, o.hang
	o.asked++
	o.audio.mu.Unlock()
	if hang != nil {
		<-hang
	}
	if fails != 0 {
		return fails
	}
	return o.children[0].reference(out)
}

func (o *audioObject) readState(out *uint32) uintptr {
	o.audio.mu.Lock()
	defer o.audio.mu.Unlock()
	o.asked++
	*out = o.state
	return resultOK
}

func (o *audioObject) setState(state uint32) {
	o.audio.mu.Lock()
	defer o.audio.mu.Unlock()
	o.state = state
}

// audioMethods are the tables of the kinds of objects, made once since Go never
// frees a callback.
var audioMethods = sync.OnceValue(func() map[string]*[64]uintptr {
	var base [64]uintptr
	notImplemented := windows.NewCallback(func(*audioObject) uintptr { return resultNotImplemented })
	for i := range base {
		base[i] = notImplemented
	}
	base[queryInterface] = windows.NewCallback(func(o *audioObject, _ *windows.GUID, out **audioObject) uintptr { return o.reference(out) })
	base[addRef] = windows.NewCallback(func(o *audioObject) uintptr { return o.count(1) })
	base[release] = windows.NewCallback(func(o *audioObject) uintptr { return o.count(-1) })
	table := func(methods map[int]any) *[64]uintptr {
		m := base
		for i, f := range methods {
			m[i] = windows.NewCallback(f)
		}
		return &m
	}
	return map[string]*[64]uintptr{
		"enumerator": table(map[int]any{
			enumAudioEndpoints: func(o *audioObject, flow, _ uintptr, out **audioObject) uintptr {
				return o.children[flow].reference(out)
			},
			registerEndpoints:   (*audioObject).register,
			unregisterEndpoints: (*audioObject).unregister,
		}),
		"list": table(map[int]any{ // of devices and of sessions, whose methods have the same places
			collectionGetCount: func(o *audioObject, n *int32) uintptr {
				o.audio.mu.Lock()
				defer o.audio.mu.Unlock()
				*n = int32(len(o.children))
				return resultOK
			},
			collectionItem: func(o *audioObject, i uintptr, out **audioObject) uintptr {
				o.audio.mu.Lock()
				child := o.children[i]
				o.audio.mu.Unlock()
				return child.reference(out)
			},
		}),
		"device": table(map[int]any{
			deviceActivate: func(o *audioObject, _ *windows.GUID, _, _ uintptr, out **audioObject) uintptr {
				return o.children[0].reference(out)
			},
			deviceGetID: (*audioObject).text,
			openPropertyStore: func(o *audioObject, _ uintptr, out **audioObject) uintptr {
				return o.children[1].reference(out)
			},
		}),
		"store": table(map[int]any{
			propertyGetValue: func(o *audioObject, key *propertyKey, out *variant) uintptr {
				if *key != keyFriendlyName {
					return resultFailed
				}
				out.kind = variantText
				return duplicate(o.name, &out.text)
			},
		}),
		"manager": table(map[int]any{
			getSessionEnumerator: (*audioObject).sessions,
			registerSessions:     (*audioObject).register,
			unregisterSessions:   (*audioObject).unregister,
		}),
		"session": table(map[int]any{
			getState:           (*audioObject).readState,
			getProcessID:       func(o *audioObject, out *uint32) uintptr { *out = o.pid; return resultOK },
			getSessionInstance: (*audioObject).text,
			registerEvents:     (*audioObject).register,
			unregisterEvents:   (*audioObject).unregister,
		}),
	}
})
