package detect

import (
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Wine lists no audio sessions, so this stands in for Windows Audio: objects
// that are called through their tables and count their references, as COM's
// are. It shows that nothing leaks, waits or is missed; not that Windows
// numbers its methods as our constants do.

// part is one object of the stand-in.
type part struct {
	methods *[64]uintptr
	audio   *standIn
	refs    int
	kids    []*part // devices by flow, or sessions
	state   uint32
	pid     uint32
	name    string
	broken  bool
	bells   []*bell // registered with it
}

// standIn is the whole of it.
type standIn struct {
	mu         sync.Mutex
	enumerator *part
	all        []*part
}

const (
	failed   = 0x80004005 // E_FAIL
	notThere = 0x80004001 // E_NOTIMPL
)

func (a *standIn) add(p *part) *part {
	p.audio, p.methods, p.refs = a, partMethods(), 1
	a.all = append(a.all, p)
	return p
}

// refuse answers what is not asked for here.
var refuse = sync.OnceValue(func() uintptr {
	return windows.NewCallback(func(*part) uintptr { return notThere })
})

// partMethods is one table for objects of all kinds: their numbers do not
// meet, or mean the same.
var partMethods = sync.OnceValue(func() *[64]uintptr {
	var m [64]uintptr
	for i := range m {
		m[i] = refuse()
	}
	m[0] = windows.NewCallback(func(p *part, _ *windows.GUID, out **part) uintptr { return p.give(p, out) })
	m[1] = windows.NewCallback(func(p *part) uintptr { return p.count(1) })
	m[2] = windows.NewCallback(func(p *part) uintptr { return p.count(-1) })
	return &m
})

// methodsOf is a table with some methods more.
func methodsOf(more map[int]any) *[64]uintptr {
	m := *partMethods()
	for i, f := range more {
		m[i] = windows.NewCallback(f)
	}
	return &m
}

func (p *part) count(by int) uintptr {
	p.audio.mu.Lock()
	defer p.audio.mu.Unlock()
	p.refs += by
	return uintptr(p.refs)
}

func (p *part) give(to *part, out **part) uintptr {
	to.count(1)
	*out = to
	return comOK
}

func (p *part) register(b *bell) uintptr {
	p.audio.mu.Lock()
	defer p.audio.mu.Unlock()
	p.bells = append(p.bells, b)
	return comOK
}

func (p *part) unregister(b *bell) uintptr {
	p.audio.mu.Lock()
	defer p.audio.mu.Unlock()
	i := slices.Index(p.bells, b)
	if i < 0 {
		return failed
	}
	p.bells = slices.Delete(p.bells, i, i+1)
	return comOK
}

// text gives the name away, to be freed by whoever asked.
func (p *part) text(out **uint16) uintptr {
	text, err := windows.UTF16PtrFromString(p.name)
	if err != nil {
		return failed
	}
	dup := windows.NewLazySystemDLL("shlwapi.dll").NewProc("SHStrDupW")
	r, _, _ := dup.Call(uintptr(unsafe.Pointer(text)), uintptr(unsafe.Pointer(out)))
	return r
}

// tables are made once: callbacks are never freed.
var tables = sync.OnceValue(func() map[string]*[64]uintptr {
	list := func(p *part, n *int32) uintptr { *n = int32(len(p.kids)); return comOK }
	item := func(p *part, i uintptr, out **part) uintptr { return p.give(p.kids[i], out) }
	return map[string]*[64]uintptr{
		"enumerator": methodsOf(map[int]any{
			enumEndpoints:    func(p *part, flow, _ uintptr, out **part) uintptr { return p.give(p.kids[flow], out) },
			registerEndpoint: (*part).register, unregisterEndpoint: (*part).unregister}),
		"list": methodsOf(map[int]any{collectionCount: list, collectionItem: item}),
		"device": methodsOf(map[int]any{
			deviceActivate: func(p *part, _ *windows.GUID, _, _ uintptr, out **part) uintptr { return p.give(p.kids[0], out) },
			deviceID:       (*part).text}),
		"manager": methodsOf(map[int]any{
			sessionEnumerator: func(p *part, out **part) uintptr {
				if p.broken {
					return failed
				}
				return p.give(p.kids[0], out)
			},
			registerSession: (*part).register, unregisterSession: (*part).unregister}),
		"session": methodsOf(map[int]any{
			sessionState: func(p *part, out *uint32) uintptr {
				p.audio.mu.Lock()
				defer p.audio.mu.Unlock()
				*out = p.state
				return comOK
			},
			sessionProcess:  func(p *part, out *uint32) uintptr { *out = p.pid; return comOK },
			sessionInstance: (*part).text,
			registerEvents:  (*part).register, unregisterEvents: (*part).unregister}),
	}
})

// audio is a stand-in with a speaker and a microphone; their managers of
// sessions are returned.
func audio() (a *standIn, speaker, mic *part) {
	a = &standIn{}
	of := func(kind string, p *part) *part { a.add(p).methods = tables()[kind]; return p }
	manager := func() *part { return of("manager", &part{kids: []*part{of("list", &part{})}}) }
	device := func(name string, m *part) *part {
		return of("list", &part{kids: []*part{of("device", &part{name: name, kids: []*part{m}})}})
	}
	speaker, mic = manager(), manager()
	a.enumerator = of("enumerator", &part{kids: []*part{device("speaker", speaker), device("microphone", mic)}})
	return a, speaker, mic
}

// session begins one with a manager.
func (a *standIn) session(manager *part, name string, pid int, state uint32) *part {
	s := a.add(&part{name: name, pid: uint32(pid), state: state})
	s.methods = tables()["session"]
	a.mu.Lock()
	defer a.mu.Unlock()
	manager.kids[0].kids = append(manager.kids[0].kids, s)
	return s
}

// ring tells whoever has registered with a session of its state, or with a
// manager of a new session.
func (p *part) ring() {
	p.audio.mu.Lock()
	registered := slices.Clone(p.bells)
	p.audio.mu.Unlock()
	for _, b := range registered {
		method := onSessionCreated
		if b.id == idSessionEvents {
			method = onState
		}
		syscall.SyscallN(b.methods[method], uintptr(unsafe.Pointer(b)), 0)
	}
}

func (a *standIn) open(t *testing.T) opened {
	t.Helper()
	return open(t, func(wake func()) (source, error) {
		return openSessions(t.Context(), wake, func() (*unknown, error) {
			a.enumerator.count(1)
			return (*unknown)(unsafe.Pointer(a.enumerator)), nil
		})
	})
}

func TestAudioSessionsAreFollowed(t *testing.T) {
	a, speaker, mic := audio()
	call := a.session(mic, "a call's", os.Getpid(), sessionActive)
	a.session(mic, "rests", os.Getppid(), 0)
	a.session(speaker, "system sounds", 0, sessionActive)
	o := a.open(t)
	f := o.facts(t)
	if len(f.evidence.Captures) != 1 || !f.evidence.Captures[0].Own || f.evidence.Captures[0].PID != os.Getpid() || f.evidence.Captures[0].Source != "microphone" || len(f.evidence.Captures[0].Names) == 0 {
		t.Errorf("recordings to begin with: %+v", f.evidence.Captures)
	}
	if len(f.evidence.Playbacks) != 1 || !f.evidence.Playbacks[0].Plumbing {
		t.Errorf("playback to begin with: %+v", f.evidence.Playbacks)
	}
	index := f.evidence.Captures[0].Index

	a.mu.Lock()
	call.state = 0
	a.mu.Unlock()
	call.ring()
	o.until(t, "the recording rests", func(f *facts) bool { return len(f.evidence.Captures) == 0 })
	a.mu.Lock()
	call.state = sessionActive
	a.mu.Unlock()
	call.ring()
	o.until(t, "it goes on, as the same", func(f *facts) bool { return len(f.evidence.Captures) == 1 && f.evidence.Captures[0].Index == index })

	a.session(mic, "another", os.Getppid(), sessionActive)
	mic.ring()
	o.until(t, "a new session is seen", func(f *facts) bool {
		return len(f.evidence.Captures) == 2 && f.evidence.Captures[0].Index != f.evidence.Captures[1].Index
	})

	o.close()
	for i, p := range a.all {
		if p.refs != 1 || len(p.bells) != 0 {
			t.Errorf("object %d (%s): %d references, %d registrations are left", i, p.name, p.refs, len(p.bells))
		}
	}
}

func TestAudioThatBreaksIsAnError(t *testing.T) {
	a, _, mic := audio()
	o := a.open(t)
	mic.broken = true
	mic.ring()
	select {
	case <-o.wake:
	case <-t.Context().Done():
	}
	if _, err := o.sample(); err == nil {
		t.Error("it serves on")
	}
	o.close()
	for i, p := range a.all {
		if p.refs != 1 || len(p.bells) != 0 {
			t.Errorf("object %d: %d references, %d registrations are left", i, p.refs, len(p.bells))
		}
	}
}

func TestNoSoundDeviceIsAnError(t *testing.T) {
	a, _, _ := audio()
	for _, list := range a.enumerator.kids {
		list.kids = nil
	}
	_, err := openSessions(t.Context(), func() {}, func() (*unknown, error) {
		a.enumerator.count(1)
		return (*unknown)(unsafe.Pointer(a.enumerator)), nil
	})
	if err == nil || a.enumerator.refs != 1 || len(a.enumerator.bells) != 0 {
		t.Errorf("%v; %d references, %d registrations are left", err, a.enumerator.refs, len(a.enumerator.bells))
	}
}
