package day

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
)

// line is one sentence of a story.
type line struct {
	at   time.Duration
	text string
}

// names of the people.
var names = map[string]string{Ada: "Ada", Grace: "Grace"}

// Story tells one run: who did what, what was sent, what colleagues saw, and
// what was wrong about it.
func Story(out io.Writer, run *Run) error {
	wrong, truth := Judge(run, true)
	var all []line
	add := func(at time.Duration, format string, args ...any) {
		all = append(all, line{at, fmt.Sprintf(format, args...)})
	}
	for _, t := range run.Script.Troubles {
		add(t.From, "-- %s until %s%s", t, clock(t.To), times(t))
	}
	for _, e := range run.Facts {
		add(e.At, "the person %s%s", e, computer(run, e.Machine))
	}
	for _, r := range run.Requests {
		if r.scope() == Token {
			continue
		}
		status := fmt.Sprint(r.Status)
		if r.Status == 0 {
			status = "no answer"
		}
		if r.Failed != nil {
			status += ": " + r.Failed.label()
		}
		add(r.At, "   > %s %s (%s, %s)%s", r.Action, r.Body, status, (r.End - r.At).Round(time.Millisecond), computer(run, r.Machine))
	}
	for who, moments := range run.Trace {
		for _, m := range moments {
			add(m.At, "   = %s: colleagues see %s; session %s, Teams %s", names[who], sight(m), or(m.Own), or(m.Clients))
		}
	}
	for who, spans := range truth {
		for _, s := range spans {
			text := ""
			for _, w := range s.Ideals {
				text += fmt.Sprintf(" [session %s, chosen %s, text %q]", or(w.own), or(w.slot), w.text)
			}
			add(s.At, "   ? %s: right is%s", names[who], text)
		}
	}
	for _, w := range wrong {
		if w.Length() < shortest {
			continue
		}
		kind := "AVOIDABLE"
		if w.Excuse != "" {
			kind = "unavoidable (" + w.Excuse + ")"
		}
		add(w.From, "   ! %s: wrong for %s, %s: %s. Colleagues see %s and should see %s", names[w.Who], w.Length().Round(time.Millisecond), kind, w.Cause, w.Sees, w.Should)
	}
	slices.SortStableFunc(all, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	p := run.Script.Policy
	fmt.Fprintf(out, "seed %d: away after %s, away when locked %v, text in calls %v, working hours %d to %d, one request takes up to %s\n",
		run.Script.Seed, p.AwayAfter, p.AwayWhenLocked, p.CallMessage, p.From, p.To, run.Script.RoundTrip)
	for _, l := range all {
		if _, err := fmt.Fprintln(out, clock(l.at), l.text); err != nil {
			return err
		}
	}
	return nil
}

// computer names a computer where there are two.
func computer(run *Run, machine int) string {
	if run.Script.Machines < 2 {
		return ""
	}
	return fmt.Sprintf(" [computer %d]", machine+1)
}

func times(t Trouble) string {
	if t.Times == 0 {
		return ""
	}
	return fmt.Sprintf(", %d requests", t.Times)
}

// clock returns the time of day.
func clock(at time.Duration) string {
	return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(dayBegins + at).Format("15:04:05.000")
}

func or(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
