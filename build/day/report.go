package day

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// Report is the outcome of heliograph and its peers on the same days.
type Report struct {
	Seed  uint64 `json:"seed"`
	Again int    `json:"days_run_twice"`
	Sum
	Causes     []*Cause        `json:"causes"`
	Excuses    []*Cause        `json:"excuses"`
	Strategies map[string]*Sum `json:"strategies"`
}

// JSON writes the report as one object.
func (r *Report) JSON(w io.Writer) error {
	r.Causes, r.Excuses = ordered(r.causes), ordered(r.excuses)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Table writes the report for people.
func (r *Report) Table(out io.Writer) error {
	days := float64(max(1, r.Days))
	fmt.Fprintf(out, "%d days from seed %d; %d of them run twice with the same trace\n\n", r.Days, r.Seed, r.Again)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "strategy\tavoidable s/day\tratio\tunavoidable s/day\tlongest s\tdays wrong\trequests/day\tleast\tmost/minute\t(seed)\t")
	line := func(name string, s *Sum) {
		ratio := "-"
		if r.Avoidable > 0 {
			ratio = fmt.Sprintf("%.1f", s.Avoidable/r.Avoidable)
		}
		fmt.Fprintf(w, "%s\t%.1f\t%s\t%.1f\t%.0f\t%d\t%.1f\t%.1f\t%d\t%d\t\n", name, s.Avoidable/days, ratio, s.Unavoidable/days, s.Longest, s.WrongDays,
			float64(s.Requests)/days, float64(s.Least)/days, s.Busiest, s.BusiestSeed)
	}
	line("heliograph", &r.Sum)
	for _, name := range peerNames(r.Strategies) {
		line(name, r.Strategies[name])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := causes(out, "avoidable", ordered(r.causes)); err != nil {
		return err
	}
	return causes(out, "unavoidable", ordered(r.excuses))
}

func causes(out io.Writer, title string, all []*Cause) error {
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "seconds\tdays\tlongest s\t%s\tseeds\n", title)
	for _, c := range all {
		fmt.Fprintf(w, "%.0f\t%d\t%.0f\t%s\t%v\n", c.Seconds, c.Days, c.Longest, c.Cause, c.Seeds)
	}
	return w.Flush()
}
