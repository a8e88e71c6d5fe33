package day

import (
	"math/rand/v2"
	"time"
)

// troubles draws what goes wrong on a day. A third of all days are calm; on the
// others most troubles begin beside something that the person does, where they
// hurt.
func troubles(rng *rand.Rand, events []Event) []Trouble {
	if rng.Float64() < 0.3 || len(events) == 0 {
		return nil
	}
	all := make([]Trouble, 1+rng.IntN(6))
	for i := range all {
		t := draw(rng)
		length := t.To
		e := events[rng.IntN(len(events))]
		t.From = e.At + time.Duration(rng.Int64N(int64(20*time.Second))) - 10*time.Second
		if rng.Float64() < 0.2 {
			t.From = time.Duration(rng.Int64N(int64(12 * time.Hour)))
		}
		t.From, t.Machine = max(0, t.From), e.Machine
		t.To = t.From + length
		all[i] = t
	}
	return all
}

// draw draws a trouble; To is its length.
func draw(rng *rand.Rand) Trouble {
	span := func(from, to time.Duration) time.Duration { return from + time.Duration(rng.Int64N(int64(to-from))) }
	some := func() Scope { return pick(rng, All, All, All, Session, Preferred, Preferred, Message, Read, Token) }
	t := Trouble{Scope: All, To: span(5*time.Second, 20*time.Minute)}
	switch rng.IntN(10) {
	case 0, 1:
		t.Kind = Down // as in a restart of the network
		if rng.Float64() < 0.6 {
			t.To = span(time.Second, time.Minute)
		}
	case 2:
		t.Kind = Hole
		t.To = span(5*time.Second, 5*time.Minute)
	case 3:
		t.Kind, t.Scope, t.Times = Drop, some(), 1+rng.IntN(3)
		t.To = time.Hour
	case 4:
		t.Kind, t.Scope, t.Times = Lose, some(), 1+rng.IntN(3)
		t.To = time.Hour
	case 5:
		t.Kind, t.Delay = Slow, span(time.Second, 12*time.Second)
	case 6:
		t.Kind = Portal
		if rng.Float64() < 0.3 {
			t.Scope = some()
		}
	case 7:
		t.Kind, t.Delay = Lag, span(time.Second, 30*time.Second)
		t.To = span(5*time.Minute, 2*time.Hour)
	default:
		t.Kind, t.Scope = Answer, some()
		t.Status = pick(rng, 400, 401, 403, 403, 404, 409, 429, 429, 500, 500, 502, 503, 503, 504)
		if t.Status == 429 || (t.Status == 503 && rng.Float64() < 0.5) {
			t.RetryAfter = 1 + rng.IntN(90)
		}
		if rng.Float64() < 0.6 {
			t.Times, t.To = 1+rng.IntN(3), time.Hour
		}
	}
	return t
}
