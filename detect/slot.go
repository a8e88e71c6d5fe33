package detect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// A service that is missing is looked for again, at growing intervals with
// jitter: not every system reports that a sound server or a bus has appeared.
const (
	retryFirst = 250 * time.Millisecond
	retryLast  = 5 * time.Minute
)

// steadyAfter is how long a source must have worked for the intervals to start
// anew when it fails. A service that accepts connections and fails at once is
// therefore opened more and more rarely.
const steadyAfter = 10 * time.Second

// openTimeout bounds the opening of one candidate with all of its calls: a
// service on the same computer answers within milliseconds, but may first have
// to be started, on a computer that is busy while its user signs in.
const openTimeout = 6 * time.Second

// slot is one kind with its open source. Only the watcher's goroutine uses it.
type slot struct {
	kind
	using *openSource // nil: none
	last  result      // of the last sample of using

	settle time.Duration // that sources are opened with

	pause   *backoff.ExponentialBackOff
	due     time.Time // when to look for a candidate; zero: not
	trying  bool      // an attempt is under way
	tried   bool      // the first attempt has ended
	problem string    // why none is open
}

// openSource is a source in use.
type openSource struct {
	source
	cancel context.CancelFunc // ends the context that it was opened with
	rank   int                // of its candidate
	settle time.Duration      // that it was opened with
	since  time.Time
}

func (o *openSource) shut() {
	o.cancel()
	o.close()
}

// attempt is the outcome of an attempt to open a candidate.
type attempt struct {
	slot   *slot
	opened *openSource // nil: none
	err    error       // why none was opened
}

func newSlot(k kind, now time.Time, settle time.Duration) *slot {
	s := &slot{kind: k, due: now, settle: settle, pause: backoff.NewExponentialBackOff()}
	s.pause.InitialInterval, s.pause.MaxInterval = retryFirst, retryLast
	s.pause.Multiplier = 2
	s.pause.Reset()
	if len(k.candidates) == 0 {
		s.due, s.tried, s.problem = time.Time{}, true, "not supported on this system"
	}
	return s
}

// better lists the candidates that are better than the open one.
func (s *slot) better() []candidate {
	if s.using == nil || s.using.settle != s.settle {
		return s.candidates
	}
	return s.candidates[:s.using.rank]
}

// setSettle has the source opened again if it depends on settle. The present
// one is used until then.
func (s *slot) setSettle(settle time.Duration, now time.Time) {
	if s.settles && s.settle != settle && len(s.candidates) > 0 {
		s.settle, s.due = settle, now
	}
}

// tryAll opens the first of the candidates that can be opened.
func tryAll(ctx context.Context, candidates []candidate, e env) (*openSource, error) {
	var problems []string
	for rank, c := range candidates {
		o, err := c.try(ctx, e)
		if err == nil {
			o.rank = rank
			return o, nil
		}
		if !strings.Contains(strings.Join(problems, "; "), err.Error()) {
			problems = append(problems, err.Error())
		}
	}
	return nil, errors.New(strings.Join(problems, "; "))
}

// try opens one candidate within openTimeout.
func (c candidate) try(ctx context.Context, e env) (*openSource, error) {
	ctx, cancel := context.WithCancel(ctx)
	late := time.AfterFunc(openTimeout, cancel)
	src, err := c.open(ctx, e)
	inTime := late.Stop()
	switch {
	case err == nil && inTime:
		return &openSource{source: src, cancel: cancel, since: time.Now().Round(0), settle: e.settle}, nil
	case err == nil:
		src.close()
		fallthrough
	case !inTime:
		err = fmt.Errorf("%s does not answer within %v", c.name, openTimeout)
	}
	cancel()
	return nil, err
}

// finish takes the outcome of an attempt.
func (s *slot) finish(l attempt, now time.Time, log *slog.Logger) {
	s.trying, s.tried = false, true
	if l.opened == nil {
		s.due = now.Add(s.pause.NextBackOff())
		if problem := l.err.Error(); s.using == nil && s.problem != problem {
			s.problem = problem
			log.Info("detector not available", "part", s.name, "problem", problem)
		}
		return
	}
	s.shut()
	s.using, s.problem, s.due = l.opened, "", time.Time{}
	switch {
	case s.using.settle != s.settle: // it was set anew meanwhile
		s.due = now
	case s.candidates[s.using.rank].lastResort && s.using.rank > 0:
		s.due = now.Add(s.pause.NextBackOff())
	}
	log.Info("detector opened", "part", s.name, "backend", s.backend())
}

// sample asks the open source. One that fails is closed.
func (s *slot) sample(now time.Time, log *slog.Logger) {
	if s.using == nil {
		return
	}
	r, err := s.using.sample()
	if err == nil {
		s.last = r
		return
	}
	log.Info("detector lost", "part", s.name, "backend", s.backend(), "error", err)
	if now.Sub(s.using.since) >= steadyAfter {
		s.pause.Reset() // it worked, so it may be back in a moment
	}
	s.shut()
	s.problem = err.Error()
	s.due = now.Add(s.pause.NextBackOff())
}

// hurry looks for a candidate at once, if one is missing.
func (s *slot) hurry(now time.Time) {
	if s.trying || !s.due.IsZero() {
		s.pause.Reset()
	}
	if !s.due.IsZero() {
		s.due = now
	}
}

func (s *slot) shut() {
	if s.using != nil {
		s.using.shut()
		s.using, s.last = nil, nil
	}
}

// backend returns the name of the open candidate; empty: none is open.
func (s *slot) backend() string {
	if s.using == nil {
		return ""
	}
	return s.candidates[s.using.rank].name
}

func (s *slot) part() Part {
	p := Part{Name: s.name, Backend: s.backend(), Problem: s.problem}
	switch {
	case s.last != nil:
		p.Value, p.Polls = s.last.value(), s.candidates[s.using.rank].polls
	case !s.tried:
		p.Problem, p.Fix = "it has not answered yet", s.fix
	default:
		p.Fix = s.fix
	}
	return p
}
