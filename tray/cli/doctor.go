package cli

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"heliograph/detect/readable"
	"heliograph/tray/account"
	"heliograph/tray/control"
	"heliograph/tray/doctor"
	"heliograph/tray/words"
)

// Doctor carries out `doctor`.
type Doctor struct {
	*App
	JSON   bool
	Bundle string // the archive to write; empty: none
}

// Flags adds the command's flags.
func (d *Doctor) Flags(f *pflag.FlagSet) {
	f.BoolVar(&d.JSON, "json", false, "print JSON")
	f.StringVar(&d.Bundle, "bundle", "", "write an archive for the report of a problem to =`FILE`")
	f.Lookup("bundle").NoOptDefVal = bundleHere
}

// Run examines every part; a part with a problem is an error.
func (d *Doctor) Run(ctx context.Context, _ []string) error {
	if d.Bundle != "" {
		return d.bundle(ctx)
	}
	r, err := d.examine(ctx)
	if err != nil {
		return err
	}
	if d.JSON {
		err = d.json(r, false)
	} else {
		err = d.print(r)
	}
	if n := r.Failing(); err == nil && n > 0 {
		return fmt.Errorf("%d of %d parts have a problem: see the fixes above", n, len(r.Parts))
	}
	return err
}

// examine asks the running instance, or looks without one.
func (d *Doctor) examine(ctx context.Context) (control.Report, error) {
	var r control.Report
	err := d.ask(ctx, control.VerbDoctor, nil, &r)
	if !errors.Is(err, control.ErrNotRunning) {
		return r, err
	}
	o, err := d.openSettings(nil)
	if err != nil {
		return r, err
	}
	v := o.Value()
	return doctor.Examine(ctx, v, account.Config(v.Config, d.logger(v.Config)), v.Detector(d.logger(v.Config))), nil
}

func (d *Doctor) print(r control.Report) error {
	if !r.Running {
		if err := d.line("heliograph is not running: probed from here."); err != nil {
			return err
		}
	}
	inks, off := map[control.Level]string{}, ""
	if colour(d.Out) {
		inks = map[control.Level]string{control.LevelOK: "\x1b[32m", control.LevelWarning: "\x1b[33m", control.LevelProblem: "\x1b[31m"}
		off = "\x1b[0m"
	}
	t := tabwriter.NewWriter(d.Out, 0, 8, 2, ' ', 0)
	for _, p := range r.Parts {
		ink, text := inks[p.Level], readable.Line(p.Value)
		if p.Polls {
			text += " (polled: the system offers no event)"
		}
		if p.Problem != "" {
			text = readable.Line(p.Problem)
			if !p.Since.IsZero() {
				text += " (since " + sinceClock(p.Since, time.Now()) + ")"
			}
		}
		fmt.Fprintf(t, "%s%-7s%s\t%s\t%s\t%s\n", ink, p.Level, off, words.EnglishPart(p.Name), orDash(p.Backend), text)
		if p.Problem != "" && p.Fix != "" {
			fmt.Fprintf(t, "%s       %s\t\tfix:\t%s\n", ink, off, p.Fix)
		}
	}
	return t.Flush()
}

// sinceClock returns an instant before now: the time, with the date unless that
// is today.
func sinceClock(t, now time.Time) string {
	t = t.In(now.Location())
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format(time.DateTime)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
