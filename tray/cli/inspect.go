package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"heliograph/detect"
	"heliograph/detect/readable"
	"heliograph/tray/control"
	"heliograph/tray/words"
)

// Why carries out `why`.
type Why struct {
	*App
	JSON bool
}

// Flags adds the command's flags.
func (w *Why) Flags(f *pflag.FlagSet) { f.BoolVar(&w.JSON, "json", false, "print JSON") }

// Run prints which rule decided, through what and since when, and today's timeline.
func (w *Why) Run(ctx context.Context, _ []string) error {
	var why control.Why
	if err := w.ask(ctx, control.VerbWhy, nil, &why); err != nil {
		return err
	}
	if w.JSON {
		return w.json(why, false)
	}
	return w.line("%s", strings.TrimRight(explain(why, time.Now()), "\n"))
}

// explain returns the answer for a person.
func explain(why control.Why, now time.Time) string {
	var b strings.Builder
	s := why.Status
	fmt.Fprintln(&b, s.Sentence())
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-9s%s\n", name, value)
		}
	}
	if s.Reason != nil {
		row("rule", string(s.Reason.Rule))
	}
	if p := why.Signal; p != nil {
		name := words.EnglishPart(p.Name)
		signal := name + ": " + p.Value
		if p.Backend != "" {
			signal = name + " (" + p.Backend + "): " + p.Value
		}
		if p.Problem != "" {
			signal = name + ": " + p.Problem
		}
		row("signal", signal)
	}
	if s.Reason != nil && s.Reason.App != nil {
		row("app", *s.Reason.App)
	}
	if s.Choice.Message != nil {
		row("message", *s.Choice.Message)
	}
	if s.Since != nil {
		row("since", s.Since.In(now.Location()).Format("15:04:05"))
	}
	if s.Until != nil {
		row("until", words.Clock(*s.Until, now))
	} else {
		row("until", "something changes")
	}
	if s.Shown != nil {
		row("shown", fmt.Sprintf("%s/%s at %s", s.Shown.Availability, s.Shown.Activity, s.Shown.At.In(now.Location()).Format("15:04:05")))
	}
	if s.Error != nil {
		row("error", *s.Error)
	}
	if len(why.Today) > 0 {
		fmt.Fprintln(&b, "\nToday")
	}
	for i, m := range why.Today {
		end := "now  "
		if i+1 < len(why.Today) {
			end = why.Today[i+1].At.In(now.Location()).Format("15:04")
		}
		fmt.Fprintf(&b, "  %s–%s  %s: %s\n", begin(m.At, now), end, m.Text, m.Reason)
	}
	return b.String()
}

// begin returns when a moment began; one of an earlier day has held since
// midnight.
func begin(t, now time.Time) string {
	t = t.In(now.Location())
	if t.YearDay() != now.YearDay() {
		return "00:00"
	}
	return t.Format("15:04")
}

// Calls carries out `calls`.
type Calls struct {
	*App
	JSON bool
}

// Flags adds the command's flags.
func (c *Calls) Flags(f *pflag.FlagSet) { f.BoolVar(&c.JSON, "json", false, "print JSON") }

// Run shows what records now and how it was judged.
func (c *Calls) Run(ctx context.Context, _ []string) error {
	var calls control.Calls
	if err := c.ask(ctx, control.VerbCalls, nil, &calls); err != nil {
		return err
	}
	if c.JSON {
		return c.json(calls, false)
	}
	if len(calls.Streams) == 0 {
		if err := c.line("Nothing records."); err != nil {
			return err
		}
	}
	t := tabwriter.NewWriter(c.Out, 0, 8, 2, ' ', 0)
	for _, s := range calls.Streams {
		fmt.Fprintf(t, "%s\t%s\t%s\tsince %s\n", s.Name, s.Verdict, s.Because, s.Since.Local().Format("15:04:05"))
	}
	for _, said := range []struct {
		what string
		apps []string
	}{{"Always a call", calls.Allowed}, {"Never a call", calls.Denied}} {
		if len(said.apps) > 0 {
			fmt.Fprintf(t, "%s: %s\n", said.what, strings.Join(said.apps, ", "))
		}
	}
	return t.Flush()
}

// AppOnly accepts one program.
func AppOnly(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return Usage("name one program as heliograph calls shows it, such as zoom")
	}
	return nil
}

// Judge returns what carries out `calls allow|deny|forget`.
func (a *App) Judge(do, sentence string) Do {
	return func(ctx context.Context, args []string) error {
		var judged control.Judged
		if err := a.ask(ctx, control.VerbJudge, control.JudgeArgs{Do: do, App: args[0]}, &judged); err != nil {
			return err
		}
		if err := a.line(sentence, args[0]); err != nil || !judged.Unknown {
			return err
		}
		_, err := fmt.Fprintln(a.Err, unknownProgram(args[0], judged.Near))
		return err
	}
}

// unknownProgram tells somebody who may have mistyped a program's name what it
// may be. What was said of it holds nevertheless.
func unknownProgram(name string, near []string) string {
	text := fmt.Sprintf("heliograph: no program named %s records now or is known. Check its name with heliograph calls while it records", name)
	if len(near) > 0 {
		return text + " (did you mean " + strings.Join(near, " or ") + "? Then also run heliograph calls forget " + name + ")."
	}
	return text + "."
}

// fact is one line of `watch`.
type fact struct {
	At        time.Time  `json:"at"`
	InUse     bool       `json:"inUse"`
	LastInput *time.Time `json:"lastInput"`
	Inhibited bool       `json:"inhibited"`
	Locked    bool       `json:"locked"`
	Asleep    bool       `json:"asleep"`
	Elsewhere bool       `json:"elsewhere"`
	Call      *factCall  `json:"call"`
	Unlisted  *string    `json:"unlisted"`
}

type factCall struct {
	App     string    `json:"app"`
	Name    string    `json:"name"`
	Since   time.Time `json:"since"`
	Apps    int       `json:"apps"`
	Sharing bool      `json:"sharing"`
	Teams   bool      `json:"teams"`
}

// Watch carries out `watch`: it prints what the detector sees, without an
// account, until ctx ends.
func (a *App) Watch(ctx context.Context, _ []string) error {
	v, err := a.loadAnyway()
	if err != nil {
		return err
	}
	w := detect.Watch(ctx, v.Detector(a.logger(v.Config)))
	defer w.Close()
	first := true
	for act := range w.Changes() {
		if first {
			for _, p := range w.Parts() {
				if p.Problem != "" {
					fmt.Fprintf(a.Err, "heliograph: %s: not available: %s: %s\n", words.EnglishPart(p.Name), readable.Line(p.Problem), p.Fix)
				}
			}
		}
		first = false
		if act.Asleep {
			w.SleepReady()
		}
		if err := a.json(factOf(act, time.Now()), true); err != nil {
			return err
		}
	}
	return nil
}

func factOf(a detect.Activity, now time.Time) fact {
	f := fact{At: now.Round(0), InUse: a.InUse, Inhibited: a.Inhibited, Locked: a.Locked, Asleep: a.Asleep, Elsewhere: a.Elsewhere}
	if !a.LastInput.IsZero() {
		f.LastInput = &a.LastInput
	}
	if c := a.Call; c.Active() {
		f.Call = &factCall{c.App, c.Name, c.Since, c.Apps, c.Sharing, c.Teams}
	}
	if a.Unlisted != "" {
		f.Unlisted = &a.Unlisted
	}
	return f
}
