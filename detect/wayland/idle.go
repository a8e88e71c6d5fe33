package wayland

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Protocol is one of the two protocols for idle notifications. Both answer with
// the events idled (0) and resumed (1).
//
// Source: https://wayland.app/protocols/ext-idle-notify-v1,
// https://wayland.app/protocols/kde-idle
type Protocol struct {
	global  string
	version uint32
}

// The protocols. ExtIdleNotify is the one of today's compositors, KDEIdle that
// of Plasma 5.
var (
	ExtIdleNotify = Protocol{"ext_idle_notifier_v1", 2}
	KDEIdle       = Protocol{"org_kde_kwin_idle", 1}
)

const (
	extGetIdle      = 1
	extGetInputIdle = 2 // since version 2: inhibitors do not count
	kdeGetIdle      = 0
	noteDestroy     = 0
	noteIdled       = 0
	noteResumed     = 1
	seatVersion     = 5 // the first that can be released
)

// inhibitorProof is the time within which the two notifications of a seat count
// as simultaneous. They are, unless a program keeps the screen awake.
const inhibitorProof = time.Second

// Idle knows when the seats of a compositor come to rest. All of them must rest
// for the user to rest.
type Idle struct {
	conn    *conn
	proto   Protocol
	timeout time.Duration
	changed func()
	done    chan struct{}

	registry, notifier uint32
	version            uint32 // of the notifier
	seats              map[uint32]*seat
	notes              map[uint32]note // by object id

	mu    sync.Mutex // guards the seats' state too
	err   error
	inUse bool
	last  time.Time
	late  *time.Timer
}

// State is what Idle knows at one instant.
type State struct {
	// InUse reports that a seat had input within the timeout. Last is then when
	// use began, else the instant of the last input.
	InUse bool
	Last  time.Time
	// Inhibited reports that a program keeps the screen awake. That can be seen
	// only while a seat rests, and only if SeesInhibitors.
	Inhibited, SeesInhibitors bool
}

// seat is a seat by its name in the registry.
type seat struct {
	id, version uint32
	notes       []uint32
	idle        [2]bool // by note.kind
	since       time.Time
}

// note is a notification that was requested.
type note struct {
	seat *seat
	kind int // byInput or byInhibitors
}

const (
	byInput      = 0 // the seat has no input
	byInhibitors = 1 // the seat has no input, and no program keeps the screen awake
)

// WatchIdle connects to the compositor of WAYLAND_DISPLAY. A seat rests when it
// has had no input for timeout. changed is called whenever State may answer
// differently. The connection ends with ctx.
func WatchIdle(ctx context.Context, p Protocol, timeout time.Duration, changed func()) (*Idle, error) {
	c, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	i := &Idle{conn: c, proto: p, timeout: timeout, changed: changed, done: make(chan struct{}),
		seats: map[uint32]*seat{}, notes: map[uint32]note{}, inUse: true, last: time.Now().Round(0)}
	if err := i.start(); err != nil {
		c.Close()
		return nil, err
	}
	go i.follow()
	return i, nil
}

// start requests the compositor's globals and waits until all are listed.
func (i *Idle) start() error {
	if err := i.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	i.registry = i.conn.id()
	synced := i.conn.id()
	if err := errors.Join(i.conn.send(displayObject, displayGetRegistry, i.registry), i.conn.send(displayObject, displaySync, synced)); err != nil {
		return err
	}
	for listed := false; !listed; {
		events, err := i.conn.receive()
		for _, e := range events {
			listed = listed || e.object == synced
			err = errors.Join(err, i.handle(e))
		}
		if err != nil {
			return fmt.Errorf("the compositor's globals cannot be listed: %w", err)
		}
	}
	if i.notifier == 0 {
		return fmt.Errorf("the compositor has no %s", i.proto.global)
	}
	return i.conn.SetDeadline(time.Time{})
}

// handle acts on one event.
func (i *Idle) handle(e event) error {
	switch {
	case e.object == displayObject && e.opcode == displayError:
		object, code := e.uint(), e.uint()
		return fmt.Errorf("the compositor refuses a request: error %d of object %d", code, object)
	case e.object == displayObject && e.opcode == displayDeleteID:
		i.conn.free = append(i.conn.free, e.uint())
	case e.object == i.registry && e.opcode == registryGlobal:
		name, global, version := e.uint(), e.text(), e.uint()
		return i.add(name, global, version)
	case e.object == i.registry && e.opcode == registryGlobalRemove:
		return i.remove(e.uint())
	default:
		if n, ok := i.notes[e.object]; ok {
			i.noted(n, e.opcode)
		}
	}
	return nil
}

// add binds a global that matters; a seat may be listed before the notifier.
func (i *Idle) add(name uint32, global string, version uint32) error {
	bind := func(most uint32) (id, v uint32, err error) {
		id, v = i.conn.id(), min(version, most)
		return id, v, i.conn.send(i.registry, registryBind, name, global, v, id)
	}
	var err error
	switch {
	case global == "wl_seat":
		s := &seat{}
		if s.id, s.version, err = bind(seatVersion); err != nil {
			return err
		}
		i.mu.Lock()
		i.seats[name] = s
		i.sum() // it may be in use, and says so only once it has rested
		i.mu.Unlock()
		return i.watch(s)
	case global == i.proto.global && i.notifier == 0:
		if i.notifier, i.version, err = bind(i.proto.version); err != nil {
			return err
		}
		for _, s := range i.seats {
			if err := i.watch(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// watch requests a seat's notifications.
func (i *Idle) watch(s *seat) error {
	if i.notifier == 0 || s.notes != nil {
		return nil
	}
	ms := uint32(i.timeout.Milliseconds())
	ask := func(kind int, opcode uint16, args ...any) error {
		id := i.conn.id()
		s.notes = append(s.notes, id)
		i.notes[id] = note{s, kind}
		return i.conn.send(i.notifier, opcode, append([]any{id}, args...)...)
	}
	switch {
	case i.proto == KDEIdle:
		return ask(byInput, kdeGetIdle, s.id, ms)
	case i.version < 2:
		return ask(byInput, extGetIdle, ms, s.id)
	}
	return errors.Join(ask(byInput, extGetInputIdle, ms, s.id), ask(byInhibitors, extGetIdle, ms, s.id))
}

// remove releases a seat that was taken away.
func (i *Idle) remove(name uint32) error {
	s := i.seats[name]
	if s == nil {
		return nil
	}
	var err error
	for _, id := range s.notes {
		delete(i.notes, id)
		err = errors.Join(err, i.conn.send(id, noteDestroy))
	}
	if s.version >= seatVersion {
		err = errors.Join(err, i.conn.send(s.id, seatRelease))
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.seats, name)
	i.sum()
	return err
}

// noted takes a notification.
func (i *Idle) noted(n note, opcode uint16) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if opcode != noteIdled && opcode != noteResumed {
		return
	}
	n.seat.idle[n.kind] = opcode == noteIdled
	if n.kind == byInput {
		n.seat.since = time.Now()
		i.sum()
	}
}

// sum merges the seats. Without any seat there is no information, and the state
// stays as it was.
func (i *Idle) sum() {
	inUse := len(i.seats) == 0 && i.inUse
	for _, s := range i.seats {
		inUse = inUse || !s.idle[byInput]
	}
	if inUse == i.inUse {
		return
	}
	i.inUse, i.last = inUse, time.Now().Round(0)
	if inUse {
		return
	}
	i.last = i.last.Add(-i.timeout)
	switch { // by then it is known whether a program keeps the screen awake
	case i.version < 2:
	case i.late == nil:
		i.late = time.AfterFunc(inhibitorProof, i.changed)
	default:
		i.late.Reset(inhibitorProof)
	}
}

// follow handles events until the connection ends.
func (i *Idle) follow() {
	defer close(i.done)
	for {
		events, err := i.conn.receive()
		for _, e := range events {
			err = errors.Join(err, i.handle(e))
		}
		if err != nil {
			i.mu.Lock()
			i.err = fmt.Errorf("the compositor went away: %w", err)
			i.mu.Unlock()
		}
		i.changed()
		if err != nil {
			return
		}
	}
}

// State returns the present state. An error means that the connection has
// ended.
func (i *Idle) State() (State, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err != nil {
		return State{}, i.err
	}
	s := State{InUse: i.inUse, Last: i.last, SeesInhibitors: i.version >= 2 && len(i.seats) > 0}
	for _, seat := range i.seats {
		s.Inhibited = s.Inhibited || (i.version >= 2 && seat.idle[byInput] && !seat.idle[byInhibitors] && time.Since(seat.since) >= inhibitorProof)
	}
	return s, nil
}

// Close ends the connection and waits for its goroutine.
func (i *Idle) Close() {
	i.conn.Close()
	<-i.done
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.late != nil {
		i.late.Stop()
	}
}
