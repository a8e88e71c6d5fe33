package presence

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// graphModel is what is really at Graph, and an entry of the ledger beside it,
// which learns only what heliograph learns. True time and the computer's clock
// differ by offset.
type graphModel struct {
	t      *testing.T
	draw   *rand.Rand
	truth  time.Time
	offset time.Duration

	there   Value     // zero: nothing of ours
	expires time.Time // of there, in true time
	waiting []arrival // requests that are still on their way

	entry   Entry
	history []string // for the report of a failure
}

// arrival is a request that reaches Graph at an instant of true time.
type arrival struct {
	at   time.Time
	v    Value
	life time.Duration
}

// modelValues are few, so that the same value is often written again.
var modelValues = []Value{{}, {Pair: PreferBusy}, {Pair: PreferDoNotDisturb}, {Pair: PreferAway}}

func newGraphModel(t *testing.T, seed uint64) *graphModel {
	return &graphModel{t: t, draw: rand.New(rand.NewPCG(seed, 2)), truth: time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)}
}

// now is what the computer's clock shows.
func (m *graphModel) now() time.Time { return m.truth.Add(m.offset) }

func (m *graphModel) upTo(d time.Duration) time.Duration {
	return time.Duration(m.draw.Int64N(int64(d) + 1))
}

func (m *graphModel) log(format string, args ...any) {
	m.history = append(m.history, fmt.Sprintf("%s %s", m.truth.Format("15:04:05"), fmt.Sprintf(format, args...)))
}

// pass lets true time pass; what is on its way arrives, and what has expired is
// dropped.
func (m *graphModel) pass(d time.Duration) {
	end := m.truth.Add(d)
	slices.SortFunc(m.waiting, func(a, b arrival) int { return a.at.Compare(b.at) })
	for len(m.waiting) > 0 && !m.waiting[0].at.After(end) {
		a := m.waiting[0]
		m.waiting = m.waiting[1:]
		m.there, m.expires = a.v, a.at.Add(a.life)
		m.truth = a.at
		m.log("Graph: %v for %v", a.v.Pair, a.life)
	}
	m.truth = end
	if !m.there.Zero() && !m.truth.Before(m.expires) {
		m.there = Value{}
	}
}

// outcome is what becomes of a request.
type outcome int

const (
	accepted     outcome = iota
	refused              // it had no effect
	answered             // with an error, so it has arrived, or never will
	lostOnTheWay         // there is no answer
	outcomes
)

// write sends a request and handles its outcome as the reconciler does.
func (m *graphModel) write(v Value, o outcome) {
	life := 10*time.Minute + m.upTo(8*time.Hour)
	sure, now := m.entry.Sure, m.now()
	w := Write{Value: v, At: now}
	if !v.Zero() {
		w.Expires, w.Gone = now.Add(life), now.Add(life+callTimeout)
	}
	m.log("write %v, %d", v.Pair, o)
	m.entry.begin(w)
	takes := m.upTo(callTimeout)
	latest := takes
	if o == lostOnTheWay {
		latest += settleTime - time.Second
	}
	if o == accepted || o != refused && m.draw.IntN(3) > 0 {
		m.waiting = append(m.waiting, arrival{m.truth.Add(m.upTo(latest)), v, life})
	}
	m.pass(takes)
	switch o {
	case accepted:
		m.entry.confirm(m.now())
	case refused:
		m.entry.refuse(sure)
	case answered:
		m.entry.lose(time.Time{})
	case lostOnTheWay:
		m.entry.lose(m.now().Add(settleTime))
	}
}

// step sets the computer's clock.
func (m *graphModel) step(d time.Duration) {
	m.log("clock steps by %v", d)
	m.offset += d
	if d < 0 {
		m.entry.shift(d)
	} else {
		m.entry.stretch(d)
	}
	m.entry.doubt()
}

// suspend lets time pass that the computer takes for a step of its clock.
func (m *graphModel) suspend(d time.Duration) {
	m.log("suspended for %v", d)
	m.pass(d)
	m.entry.stretch(d)
	m.entry.doubt()
}

// restart goes on with what was written down.
func (m *graphModel) restart() {
	m.log("restart")
	b, err := json.Marshal(Saved{Accounts: []Ledger{{Account: "me", Preferred: m.entry}}})
	if err != nil {
		m.t.Fatal(err)
	}
	var s Saved
	if err := json.Unmarshal(b, &s); err != nil {
		m.t.Fatal(err)
	}
	l, _ := ledgerOf(s.Accounts, "me", m.now())
	m.entry = l.Preferred
}

// anything does one thing at random.
func (m *graphModel) anything() {
	switch m.draw.IntN(12) {
	case 0:
		m.step(-m.upTo(3 * time.Hour))
	case 1:
		m.step(m.upTo(3 * time.Hour))
	case 2:
		m.suspend(m.upTo(3 * time.Hour))
	case 3:
		m.entry.disown()
	case 4:
		m.restart()
	case 5:
		m.pass(m.upTo(9 * time.Hour))
	case 6:
		m.pass(m.upTo(2 * time.Minute))
	default:
		m.write(modelValues[m.draw.IntN(len(modelValues))], outcome(m.draw.IntN(int(outcomes))))
	}
}

// check holds the laws.
func (m *graphModel) check() {
	m.t.Helper()
	now := m.now()
	m.entry.expire(now)
	e := m.entry
	if !m.there.Zero() && !e.has(func(v Value) bool { return v == m.there }) {
		m.fail("Graph holds %v, which the ledger does not list", m.there.Pair)
	}
	for _, a := range m.waiting {
		if !a.v.Zero() && !e.has(func(v Value) bool { return v == a.v }) {
			m.fail("%v can still arrive, which the ledger does not list", a.v.Pair)
		}
	}
	for _, v := range modelValues {
		if e.known(v, now) && m.there != v && e.lastLate().IsZero() {
			m.fail("%v is known to be there, but Graph holds %v", v.Pair, m.there.Pair)
		}
	}
	if len(e.Writes) > 2*len(modelValues) {
		m.fail("the ledger has grown beyond the number of values")
	}
}

func (m *graphModel) fail(format string, args ...any) {
	m.t.Helper()
	for _, line := range m.history[max(0, len(m.history)-20):] {
		m.t.Log(line)
	}
	for _, w := range m.entry.Writes {
		m.t.Logf("listed: %+v", w)
	}
	m.t.Fatalf(format, args...)
}

// FuzzLedger holds law 4: whatever becomes of requests, and whatever the clock
// does, what is at Graph of ours, and what can still arrive there, is in the set
// that the ledger lists; what it calls known is there; and a clearing that was
// accepted, with nothing on its way, leaves nothing.
func FuzzLedger(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		m := newGraphModel(t, seed)
		for range 60 {
			before := m.entry
			copied := before
			copied.Writes = slices.Clone(before.Writes)
			m.anything()
			m.check()
			if !reflect.DeepEqual(before, copied) {
				m.fail("a copy of the entry has changed")
			}
		}
		// Nothing is later than settleTime after its end, whatever the clock did.
		m.pass(settleTime)
		m.write(Value{}, accepted)
		m.check()
		if len(m.waiting) > 0 || !m.there.Zero() {
			t.Fatalf("the model is wrong: %v, %v", m.there, m.waiting)
		}
		for !m.entry.lastLate().IsZero() { // stretched by a clock that was set forward
			m.pass(m.entry.lastLate().Sub(m.now()))
			m.write(Value{}, accepted)
		}
		if !m.entry.empty() {
			m.fail("something is listed after everything was cleared")
		}
	})
}
