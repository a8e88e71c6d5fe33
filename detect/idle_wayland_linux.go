package detect

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// idleProtocol is one of the two ways to hear of rest from a compositor. Both
// answer with the events idled (0) and resumed (1).
//
// Source: https://wayland.app/protocols/ext-idle-notify-v1,
// https://wayland.app/protocols/kde-idle
type idleProtocol struct {
	global  string
	version uint32
}

var (
	extIdleNotify = idleProtocol{"ext_idle_notifier_v1", 2}
	kdeIdle       = idleProtocol{"org_kde_kwin_idle", 1}
)

const (
	extGetIdle      = 1
	extGetInputIdle = 2 // since version 2: inhibitors do not count
	kdeGetIdle      = 0
	idleDestroy     = 0
	idleIdled       = 0
	idleResumed     = 1
	seatVersion     = 5 // the first that can be given back
)

// inhibitProof: the two notifications of a seat fire at the same instant
// unless a program keeps the screen awake; within this they are the same.
const inhibitProof = time.Second

// waylandIdle hears from the compositor when each seat comes to rest and is
// used again. The desk rests when all of its seats do.
type waylandIdle struct {
	wl      *wayland
	proto   idleProtocol
	timeout time.Duration
	wake    func()
	done    chan struct{}

	registry, notifier uint32
	version            uint32 // of the notifier
	seats              map[uint32]*wlSeat
	watched            map[uint32]watchedSeat // by notification

	mu    sync.Mutex // guards the seats' state too
	err   error
	inUse bool
	last  time.Time
	late  *time.Timer
}

// wlSeat is a seat by its name in the registry.
type wlSeat struct {
	id, version uint32
	notes       []uint32
	idle        [2]bool // of its input, of its input and inhibitors
	since       time.Time
}

type watchedSeat struct {
	seat *wlSeat
	kind int // index of wlSeat.idle
}

func openWayland(p idleProtocol) func(context.Context, env) (source, error) {
	return func(ctx context.Context, e env) (source, error) {
		wl, err := dialWayland(ctx)
		if err != nil {
			return nil, err
		}
		i := &waylandIdle{wl: wl, proto: p, timeout: e.settle, wake: e.changed, done: make(chan struct{}),
			seats: map[uint32]*wlSeat{}, watched: map[uint32]watchedSeat{}, inUse: true, last: time.Now().Round(0)}
		if err := i.start(); err != nil {
			wl.conn.Close()
			return nil, err
		}
		go i.follow()
		return i, nil
	}
}

// start lists what the compositor has, and waits until it has told all.
func (i *waylandIdle) start() error {
	if err := i.wl.conn.SetDeadline(time.Now().Add(busTimeout)); err != nil {
		return err
	}
	i.registry = i.wl.id()
	synced := i.wl.id()
	if err := errors.Join(i.wl.send(wlDisplay, wlDisplayGetRegistry, i.registry), i.wl.send(wlDisplay, wlDisplaySync, synced)); err != nil {
		return err
	}
	for told := false; !told; {
		events, err := i.wl.receive()
		for _, e := range events {
			told = told || e.object == synced
			err = errors.Join(err, i.take(e))
		}
		if err != nil {
			return fmt.Errorf("the compositor's globals cannot be read: %w", err)
		}
	}
	if i.notifier == 0 {
		return fmt.Errorf("the compositor has no %s", i.proto.global)
	}
	return i.wl.conn.SetDeadline(time.Time{})
}

// take acts on one event.
func (i *waylandIdle) take(e wlEvent) error {
	switch {
	case e.object == wlDisplay && e.opcode == wlDisplayError:
		_, _ = e.uint(), e.uint()
		return fmt.Errorf("the compositor refuses: %s", e.text())
	case e.object == wlDisplay && e.opcode == wlDisplayDeleteID:
		i.wl.free = append(i.wl.free, e.uint())
	case e.object == i.registry && e.opcode == wlRegistryGlobal:
		name, global, version := e.uint(), e.text(), e.uint()
		return i.appeared(name, global, version)
	case e.object == i.registry && e.opcode == wlRegistryGone:
		return i.gone(e.uint())
	default:
		if w, ok := i.watched[e.object]; ok {
			i.note(w, e.opcode)
		}
	}
	return nil
}

// appeared binds what matters; a seat may come before the notifier.
func (i *waylandIdle) appeared(name uint32, global string, version uint32) error {
	bind := func(most uint32) (id, v uint32, err error) {
		id, v = i.wl.id(), min(version, most)
		return id, v, i.wl.send(i.registry, wlRegistryBind, name, global, v, id)
	}
	var err error
	switch {
	case global == "wl_seat":
		s := &wlSeat{}
		if s.id, s.version, err = bind(seatVersion); err != nil {
			return err
		}
		i.mu.Lock()
		i.seats[name] = s
		i.settle() // it may be in use, and says so only once it rested
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

// watch asks for a seat's notifications.
func (i *waylandIdle) watch(s *wlSeat) error {
	if i.notifier == 0 || s.notes != nil {
		return nil
	}
	ms := uint32(i.timeout.Milliseconds())
	ask := func(kind int, opcode uint16, args ...any) error {
		id := i.wl.id()
		s.notes = append(s.notes, id)
		i.watched[id] = watchedSeat{s, kind}
		return i.wl.send(i.notifier, opcode, append([]any{id}, args...)...)
	}
	switch {
	case i.proto == kdeIdle:
		return ask(0, kdeGetIdle, s.id, ms)
	case i.version < 2:
		return ask(0, extGetIdle, ms, s.id)
	}
	return errors.Join(ask(0, extGetInputIdle, ms, s.id), ask(1, extGetIdle, ms, s.id))
}

// gone lets a seat go that was taken away.
func (i *waylandIdle) gone(name uint32) error {
	s := i.seats[name]
	if s == nil {
		return nil
	}
	var err error
	for _, id := range s.notes {
		delete(i.watched, id)
		err = errors.Join(err, i.wl.send(id, idleDestroy))
	}
	if s.version >= seatVersion {
		err = errors.Join(err, i.wl.send(s.id, wlSeatRelease))
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.seats, name)
	i.settle()
	return err
}

// note takes a notification in.
func (i *waylandIdle) note(w watchedSeat, opcode uint16) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if opcode != idleIdled && opcode != idleResumed {
		return
	}
	w.seat.idle[w.kind] = opcode == idleIdled
	if w.kind == 0 {
		w.seat.since = time.Now()
		i.settle()
	}
}

// settle sums the seats up. Without any seat there is nobody to be seen, and
// the desk stays as it was.
func (i *waylandIdle) settle() {
	inUse := len(i.seats) == 0 && i.inUse
	for _, s := range i.seats {
		inUse = inUse || !s.idle[0]
	}
	if inUse == i.inUse {
		return
	}
	i.inUse, i.last = inUse, time.Now().Round(0)
	if !inUse {
		i.last = i.last.Add(-i.timeout)
		if i.version >= 2 && i.late == nil {
			i.late = time.AfterFunc(inhibitProof, i.wake) // then it shows whether somebody inhibits
		} else if i.late != nil {
			i.late.Reset(inhibitProof)
		}
	}
}

// follow takes events in until the compositor ends.
func (i *waylandIdle) follow() {
	defer close(i.done)
	for {
		events, err := i.wl.receive()
		for _, e := range events {
			err = errors.Join(err, i.take(e))
		}
		if err != nil {
			i.mu.Lock()
			i.err = fmt.Errorf("the compositor went away: %w", err)
			i.mu.Unlock()
		}
		i.wake()
		if err != nil {
			return
		}
	}
}

func (i *waylandIdle) sample() (result, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err != nil {
		return nil, i.err
	}
	r := idleResult{inUse: i.inUse, last: i.last, awakeKnown: i.version >= 2 && len(i.seats) > 0}
	for _, s := range i.seats {
		r.awake = r.awake || (i.version >= 2 && s.idle[0] && !s.idle[1] && time.Since(s.since) >= inhibitProof)
	}
	return r, nil
}

func (i *waylandIdle) close() {
	i.wl.conn.Close()
	<-i.done
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.late != nil {
		i.late.Stop()
	}
}
