package day

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Sum is the outcome of many days with one strategy.
type Sum struct {
	Days        int     `json:"days"`
	Avoidable   float64 `json:"avoidable_wrong_seconds"`
	Unavoidable float64 `json:"unavoidable_wrong_seconds"`
	Longest     float64 `json:"longest_avoidable_seconds"`
	Requests    int     `json:"requests"`
	Least       int     `json:"least_requests"`
	Tokens      int     `json:"token_requests"`
	// Busiest is the most requests within a minute, tokens aside.
	Busiest     int    `json:"most_requests_per_minute"`
	BusiestSeed uint64 `json:"most_requests_seed"`
	// WrongDays is how many days had any avoidable wrong second.
	WrongDays int `json:"wrong_days"`

	causes  map[string]*Cause
	excuses map[string]*Cause
}

// Cause is one line of the table of what was wrong, or of why it had to be.
type Cause struct {
	Cause   string   `json:"cause"`
	Days    int      `json:"days"`
	Seconds float64  `json:"seconds"`
	Longest float64  `json:"longest_seconds"`
	Seeds   []uint64 `json:"seeds"` // the worst days first
	worst   []float64
}

// shortest is the length below which nothing is counted: the resolution of the
// emulator's own instants.
const shortest = 10 * time.Millisecond

// Outcome is one day with one strategy.
type Outcome struct {
	Seed                            uint64
	Avoidable, Unavoidable, Longest float64
	Requests, Least, Tokens         int
	Busiest                         int
	Causes, Excuses                 map[string][]float64 // the lengths of all spans
}

// Count counts what was wrong in a run.
func Count(run *Run, messages bool) Outcome {
	wrong, truth := Judge(run, messages)
	out := Outcome{Seed: run.Script.Seed, Least: Least(run, truth), Causes: map[string][]float64{}, Excuses: map[string][]float64{}}
	for _, r := range run.Requests {
		if r.scope() == Token {
			out.Tokens++
		} else {
			out.Requests++
		}
	}
	out.Busiest = busiest(run.Requests)
	until, length := map[string]time.Duration{}, map[string]time.Duration{}
	for _, w := range wrong {
		if w.Length() < shortest {
			continue
		}
		s := w.Length().Seconds()
		if w.Excuse != "" {
			out.Unavoidable += s
			out.Excuses[w.Excuse] = append(out.Excuses[w.Excuse], s)
			continue
		}
		out.Avoidable += s
		out.Causes[w.Cause] = append(out.Causes[w.Cause], s)
		if until[w.Who] != w.From {
			length[w.Who] = 0
		}
		until[w.Who] = w.To
		length[w.Who] += w.Length()
		out.Longest = max(out.Longest, length[w.Who].Seconds())
	}
	return out
}

// busiest returns the most requests within a minute.
func busiest(all []Request) int {
	var at []time.Duration
	most := 0
	for _, r := range all {
		if r.scope() == Token {
			continue
		}
		at = append(at, r.At)
		for r.At-at[0] >= time.Minute {
			at = at[1:]
		}
		most = max(most, len(at))
	}
	return most
}

// Add adds a day.
func (s *Sum) Add(o Outcome) {
	if s.causes == nil {
		s.causes, s.excuses = map[string]*Cause{}, map[string]*Cause{}
	}
	s.Days++
	s.Avoidable += o.Avoidable
	s.Unavoidable += o.Unavoidable
	s.Longest = max(s.Longest, o.Longest)
	s.Requests += o.Requests
	s.Least += o.Least
	s.Tokens += o.Tokens
	if o.Busiest > s.Busiest {
		s.Busiest, s.BusiestSeed = o.Busiest, o.Seed
	}
	if o.Avoidable > 0 {
		s.WrongDays++
	}
	addCauses(s.causes, o.Causes, o.Seed)
	addCauses(s.excuses, o.Excuses, o.Seed)
}

// kept is how many seeds of a cause are listed.
const kept = 5

func addCauses(to map[string]*Cause, from map[string][]float64, seed uint64) {
	for _, name := range slices.Sorted(maps.Keys(from)) {
		c := to[name]
		if c == nil {
			c = &Cause{Cause: name}
			to[name] = c
		}
		c.Days++
		total := 0.0
		for _, s := range from[name] {
			total += s
			c.Longest = max(c.Longest, s)
		}
		c.Seconds += total
		i, _ := slices.BinarySearchFunc(c.worst, total, func(a, b float64) int { return cmp.Compare(b, a) })
		c.worst = slices.Insert(c.worst, i, total)
		c.Seeds = slices.Insert(c.Seeds, i, seed)
		if len(c.Seeds) > kept {
			c.worst, c.Seeds = c.worst[:kept], c.Seeds[:kept]
		}
	}
}

// ordered lists causes, the most costly first.
func ordered(of map[string]*Cause) []*Cause {
	return slices.SortedFunc(maps.Values(of), func(a, b *Cause) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(a.Cause, b.Cause))
	})
}
