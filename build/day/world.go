package day

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"heliograph/graph/emu"
)

// world is what surrounds the programs of one day: Microsoft, the network's
// troubles, and an observer who notes what a colleague sees.
type world struct {
	script *Script
	server *emu.Server
	begin  time.Time

	delivery sync.Mutex // a fault and the request that it is meant for stay together

	mu       sync.Mutex
	left     []int // of the troubles: how many requests still fail; -1: no limit
	facts    []Event
	requests []Request
	trace    map[string][]Moment
	timer    *time.Timer
}

// newWorld opens a world; the caller is in a bubble.
func newWorld(s *Script) *world {
	w := &world{script: s, server: emu.New(emu.Options{TokenLife: s.TokenLife, Switches: emu.Switches{StatusZone: s.StatusZone}}), begin: time.Now(), trace: map[string][]Moment{Ada: nil}}
	for _, t := range s.Troubles {
		if t.Times == 0 {
			t.Times = -1
		}
		w.left = append(w.left, t.Times)
	}
	for _, e := range s.Events {
		if e.Who != "" {
			w.trace[e.Who] = nil
		}
	}
	w.timer = time.AfterFunc(dayLength, w.observe)
	w.observe()
	return w
}

// elapsed returns how long the day has lasted.
func (w *world) elapsed() time.Duration { return time.Since(w.begin) }

// trouble returns what a request meets at an instant; nil: nothing.
func (w *world) trouble(machine int, at time.Duration, scope Scope) *Trouble {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.script.Troubles {
		t := &w.script.Troubles[i]
		applies := t.Scope == All || t.Scope == scope || (t.Kind == Lag && scope == Read)
		if t.Machine != machine || !applies || w.left[i] == 0 || at < t.From || at >= t.To || (t.Kind == Lag && scope != Read) {
			continue
		}
		w.left[i] = max(-1, w.left[i]-1)
		return t
	}
	return nil
}

// deliver passes a request to Microsoft, with a fault in its way, and reads that
// lag.
func (w *world) deliver(r *http.Request, fault *emu.Fault, lag time.Duration) (*http.Response, error) {
	w.delivery.Lock()
	defer w.delivery.Unlock()
	if fault != nil {
		if err := w.server.AddFault(*fault); err != nil {
			return nil, err
		}
	}
	w.server.SetReadLag(lag)
	resp, err := w.server.Transport().RoundTrip(r)
	w.observe()
	return resp, err
}

func (w *world) list(r Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, r)
}

// note keeps a fact.
func (w *world) note(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.At = w.elapsed()
	w.facts = append(w.facts, e)
}

// Moment is what is true of one person at Microsoft from an instant on.
type Moment struct {
	At        time.Duration
	Shown     string // what a colleague sees: availability/activity
	Preferred string // empty: none is set
	Message   string
	Own       string // the session of the application, as it counts now
	Clients   string // the sessions of Teams clients, as they count now, comma separated
}

// observe notes what has changed, and comes back when time alone changes
// something.
func (w *world) observe() {
	w.mu.Lock()
	defer w.mu.Unlock()
	var next time.Time
	sooner := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, who := range slices.Sorted(maps.Keys(w.trace)) {
		u := w.server.User(who)
		m := momentOf(u)
		m.At = w.elapsed()
		all := w.trace[who]
		if n := len(all); n > 0 {
			last := all[n-1]
			if last.At = m.At; last == m {
				goto timers
			}
		}
		w.trace[who] = append(all, m)
	timers:
		for _, x := range u.Sessions {
			sooner(x.Fades)
			sooner(x.Expires)
		}
		if u.Preferred != nil {
			sooner(u.Preferred.Expires)
		}
		if u.StatusMessage != nil {
			sooner(u.StatusMessage.Expires)
		}
	}
	if !next.IsZero() {
		w.timer.Reset(time.Until(next))
	}
}

func momentOf(u emu.UserState) Moment {
	m := Moment{Shown: u.Shown.Availability + "/" + u.Shown.Activity}
	if p := u.Preferred; p != nil {
		m.Preferred = p.Availability + "/" + p.Activity
	}
	if s := u.StatusMessage; s != nil {
		m.Message = s.Content
	}
	for _, x := range u.Sessions {
		pair := x.EffectiveAvailability + "/" + x.EffectiveActivity
		switch {
		case x.ID != "":
			m.Own = pair
		case m.Clients == "":
			m.Clients = pair
		default:
			m.Clients += "," + pair
		}
	}
	return m
}

// act does what the person does in Teams.
func (w *world) act(e Event) error {
	var err error
	switch e.Kind {
	case Choice:
		err = w.server.SetPreferred(e.Who, e.Status, "")
	case Note:
		var until time.Time
		if e.Span > 0 {
			until = time.Now().Add(e.Span).Truncate(time.Second)
		}
		err = w.server.SetMessage(e.Who, e.Text, until)
	case Client:
		err = w.server.SetSession(emu.SessionRequest{User: e.Who, Availability: e.Status, Activity: clientActivity[e.Status]})
	case Revoke:
		if !w.server.Revoke(e.Who) {
			err = fmt.Errorf("nobody is called %q", e.Who)
		}
	}
	return err
}

// clientActivity is the activity of a Teams client's session.
var clientActivity = map[string]string{"Busy": "InACall"}

// source returns a source of random numbers for one use on a day.
func source(seed uint64, use uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, use)) }
