package app

import (
	"context"
	"reflect"
	"slices"
	"sync"

	"heliograph/tray/control"
	"heliograph/tray/outlets"
	"heliograph/tray/settings"
)

// outletSet keeps the outlets that the settings name. One whose section changes
// is closed and opened anew; the others go on. All methods may be called from
// any goroutine.
type outletSet struct {
	// options reads all outlets' sections of the settings.
	options func(settings.Config) outlets.Options

	mu     sync.Mutex
	hubs   []sectionHub // in the order of outletSections
	last   *control.State
	closed bool
}

// sectionHub is the hub of one section, and what the section says.
type sectionHub struct {
	section any
	hub     *outlets.Hub // nil: closed
}

// outletSection is a section of the settings that names an outlet.
type outletSection struct {
	of func(settings.Config) any
	// only keeps that outlet among the options.
	only func(outlets.Options) outlets.Options
}

var outletSections = []outletSection{
	{func(c settings.Config) any { return c.Hooks }, func(o outlets.Options) outlets.Options { return outlets.Options{Log: o.Log, Hook: o.Hook} }},
	{func(c settings.Config) any { return c.Webhook }, func(o outlets.Options) outlets.Options { return outlets.Options{Log: o.Log, Webhook: o.Webhook} }},
	{func(c settings.Config) any { return c.MQTT }, func(o outlets.Options) outlets.Options { return outlets.Options{Log: o.Log, MQTT: o.MQTT} }},
	{func(c settings.Config) any { return c.DBus }, func(o outlets.Options) outlets.Options { return outlets.Options{Log: o.Log, Bus: o.Bus} }},
}

// newOutletSet opens nothing yet: see set.
func newOutletSet(options func(settings.Config) outlets.Options) *outletSet {
	return &outletSet{options: options, hubs: make([]sectionHub, len(outletSections))}
}

// set applies the settings. It waits for outlets that it closes, at most
// outletsTimeout each, and must not be called twice at a time.
func (s *outletSet) set(c settings.Config) {
	for i, section := range outletSections {
		is := section.of(c)
		s.mu.Lock()
		was := s.hubs[i]
		same := s.closed || reflect.DeepEqual(was.section, is)
		if !same {
			s.hubs[i] = sectionHub{section: is}
		}
		s.mu.Unlock()
		if same {
			continue
		}
		// The former outlet is closed first: the new one may need its name at
		// the broker or on the bus.
		if was.hub != nil {
			closeHub(was.hub)
		}
		hub := outlets.New(section.only(s.options(c)))
		s.mu.Lock()
		closed := s.closed
		if !closed {
			s.hubs[i].hub = hub
		}
		if s.last != nil && !closed {
			hub.Publish(*s.last)
		}
		s.mu.Unlock()
		if closed { // meanwhile
			closeHub(hub)
		}
	}
}

func closeHub(h *outlets.Hub) {
	ctx, cancel := context.WithTimeout(context.Background(), outletsTimeout)
	defer cancel()
	h.Close(ctx)
}

// Publish passes a state to every outlet, and to those that are opened later.
func (s *outletSet) Publish(state control.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = &state
	for _, h := range s.hubs {
		if h.hub != nil {
			h.hub.Publish(state)
		}
	}
}

// Parts lists the outlets for doctor.
func (s *outletSet) Parts() []control.Part {
	s.mu.Lock()
	defer s.mu.Unlock()
	var parts []control.Part
	for _, h := range s.hubs {
		if h.hub != nil {
			parts = append(parts, h.hub.Parts()...)
		}
	}
	return parts
}

// Close closes all outlets at the same time. Later calls of set do nothing.
func (s *outletSet) Close() {
	s.mu.Lock()
	s.closed = true
	hubs := slices.Clone(s.hubs) // set may still work
	s.mu.Unlock()
	var wait sync.WaitGroup
	for _, h := range hubs {
		if h.hub != nil {
			wait.Go(func() { closeHub(h.hub) })
		}
	}
	wait.Wait()
}
