//go:build amd64 || arm64

package wasapi

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/windows"
)

// notifier is an object of ours that COM calls to report a change, on any
// thread. COM keeps its address, perhaps for longer than we know, since the
// call that should end that may fail. So notifiers are never freed: a call that
// comes too late finds one that ignores it, or that has another owner, which
// then reads once more.
type notifier struct {
	methods *[16]uintptr
	table   [16]uintptr
	id      windows.GUID
	refs    atomic.Int32

	mu        sync.Mutex
	owner     chan struct{} // is notified; with room for one; nil: nobody
	announced bool          // a session was, since take
	handed    []*object     // the announced sessions, with a reference each
}

// maxHanded is how many announced sessions are kept until they are read. Those
// beyond are read from the list of sessions.
const maxHanded = 64

// notifiers holds all notifiers, for ever.
var notifiers struct {
	sync.Mutex
	all []*notifier
}

// callbacks are the methods of all notifiers, made once since Go never frees a
// callback. One that ignores its arguments serves for methods of any form: in
// the calling convention of 64-bit Windows the caller removes them. That of
// 32-bit Windows would need one for each number of arguments.
var callbacks = sync.OnceValue(func() (c struct{ query, addRef, release, notify, created, ignore uintptr }) {
	c.query = windows.NewCallback((*notifier).query)
	c.addRef = windows.NewCallback(func(n *notifier) uintptr { return uintptr(n.refs.Add(1)) })
	c.release = windows.NewCallback(func(n *notifier) uintptr { return uintptr(n.refs.Add(-1)) })
	c.notify = windows.NewCallback((*notifier).notify)
	c.created = windows.NewCallback((*notifier).created)
	c.ignore = windows.NewCallback(func(*notifier) uintptr { return resultOK })
	return c
})

// openNotifier returns an object that implements an interface and notifies owner
// when one of these methods is called; close gives it back. It is a former one
// if COM has given up all references to that.
func openNotifier(id windows.GUID, owner chan struct{}, methods ...int) *notifier {
	notifiers.Lock()
	defer notifiers.Unlock()
	for _, n := range notifiers.all {
		if n.id == id && n.refs.Load() == 1 && n.take(owner) {
			return n
		}
	}
	n := newNotifier(id, methods...)
	n.owner = owner
	notifiers.all = append(notifiers.all, n)
	return n
}

// take makes owner the owner of a notifier that has none.
func (n *notifier) take(owner chan struct{}) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.owner != nil {
		return false
	}
	n.owner = owner
	return true
}

func newNotifier(id windows.GUID, methods ...int) *notifier {
	c := callbacks()
	n := &notifier{id: id}
	n.methods = &n.table
	n.table[queryInterface], n.table[addRef], n.table[release] = c.query, c.addRef, c.release
	for i := release + 1; i < len(n.table); i++ {
		n.table[i] = c.ignore
	}
	for _, i := range methods {
		n.table[i] = c.notify
	}
	if id == iidSessionNotification {
		n.table[onSessionCreated] = c.created
	}
	n.refs.Store(1)
	return n
}

// close has the notifier ignore calls, until it has another owner.
func (n *notifier) close() {
	n.mu.Lock()
	handed := n.handed
	n.owner, n.handed, n.announced = nil, nil, false
	n.mu.Unlock()
	for _, session := range handed {
		session.release()
	}
}

// query implements QueryInterface. The memory of out is not Go's and may hold
// anything, so that it is written as a number: the write of a pointer would have
// the garbage collector look at what was there.
func (n *notifier) query(id *windows.GUID, out *uintptr) uintptr {
	if out == nil || id == nil {
		return resultBadPointer
	}
	if *id != iidUnknown && *id != n.id {
		*out = 0
		return resultNoInterface
	}
	n.refs.Add(1)
	*out = n.address()
	return resultOK
}

// notify must not block: Windows holds locks while it calls.
func (n *notifier) notify() uintptr {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wake()
	return resultOK
}

// wake notifies the owner.
func (n *notifier) wake() {
	select {
	case n.owner <- struct{}{}: // never chosen without an owner
	default:
	}
}

// created implements OnSessionCreated, which hands over a session that the list
// of sessions may not have yet.
func (n *notifier) created(session *object) uintptr {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.owner == nil {
		return resultOK
	}
	if session != nil && len(n.handed) < maxHanded {
		session.addRef()
		n.handed = append(n.handed, session)
	}
	n.announced = true
	n.wake()
	return resultOK
}

// sessions returns what was announced since it was last called: whether any
// session was, and those that were handed over, to be released.
func (n *notifier) sessions() (handed []*object, announced bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	handed, announced = n.handed, n.announced
	n.handed, n.announced = nil, false
	return handed, announced
}

// address is what COM knows the notifier by.
func (n *notifier) address() uintptr { return uintptr(unsafe.Pointer(n)) }
