package emu

import (
	"fmt"
	"slices"
	"time"
)

// timeline is the last hours of one person, ready to be drawn. Lengths are in
// percent of its width, heights in parts of lineHeight.
type timeline struct {
	Spans   []span
	Ticks   []tick
	Moments []momentView // the same in words, latest first
	Label   string
}

type span struct {
	X, W        string
	Y, H        int
	Kind, Title string
}

type tick struct{ X, Text string }

type momentView struct {
	Look  look
	From  time.Time
	Lasts string
}

// lineHeight is the height of the drawing; each status has its own, so that
// the line reads without colour.
const lineHeight = 40

var heights = map[string]int{"donotdisturb": 40, "busy": 34, "available": 24, "inactive": 18, "away": 12, "offline": 3}

// lineSpans are the widths that a timeline may have, with the distance of
// their ticks.
var lineSpans = []struct{ whole, tick time.Duration }{
	{15 * time.Minute, 5 * time.Minute}, {time.Hour, 15 * time.Minute}, {2 * time.Hour, 30 * time.Minute},
	{4 * time.Hour, time.Hour}, {12 * time.Hour, 2 * time.Hour},
}

// listed is how many changes are listed below a timeline in words.
const listed = 12

// lineOf draws a history up to now, over the shortest width that holds it.
func lineOf(history []moment, now time.Time) timeline {
	width := lineSpans[len(lineSpans)-1]
	for _, w := range lineSpans {
		if len(history) > 0 && now.Sub(history[0].at) < w.whole {
			width = w
			break
		}
	}
	from := now.Add(-width.whole)
	percent := func(t time.Time) float64 { return 100 * float64(t.Sub(from)) / float64(width.whole) }
	line := timeline{Label: fmt.Sprintf("What colleagues saw in the last %s", spanWord(width.whole))}
	for i, m := range history {
		end := now
		if i+1 < len(history) {
			end = history[i+1].at
		}
		if !end.After(from) {
			continue
		}
		l, start := lookOf(m.shown), later(m.at, from)
		x, h := percent(start), heights[l.Kind]
		line.Spans = append(line.Spans, span{X: fmt.Sprintf("%.3f%%", x), W: fmt.Sprintf("%.3f%%", max(percent(end)-x, 0.15)), Y: lineHeight - h, H: h,
			Kind: l.Kind, Title: fmt.Sprintf("%s, %s to %s", l.Wire, start.Local().Format("15:04:05"), end.Local().Format("15:04:05"))})
		line.Moments = append(line.Moments, momentView{l, m.at, spanOf(end.Sub(m.at))})
	}
	line.Moments = line.Moments[max(0, len(line.Moments)-listed):]
	slices.Reverse(line.Moments)
	for t := from.Local().Truncate(width.tick).Add(width.tick); t.Before(now); t = t.Add(width.tick) {
		if x := percent(t); x > 4 && x < 93 { // room for the text
			line.Ticks = append(line.Ticks, tick{fmt.Sprintf("%.3f%%", x), t.Format("15:04")})
		}
	}
	return line
}

func spanWord(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	if d == time.Hour {
		return "hour"
	}
	return fmt.Sprintf("%d hours", d/time.Hour)
}
