package words

import (
	"strings"
	"time"
)

// Span returns a length of time as a person says it, to the second: "1 hour 30
// minutes".
func Span(d time.Duration) string {
	d = d.Round(time.Second)
	var parts []string
	for _, unit := range []struct {
		one, many string
		length    time.Duration
	}{{"span.hour", "span.hours", time.Hour}, {"span.minute", "span.minutes", time.Minute}, {"span.second", "span.seconds", time.Second}} {
		n := d / unit.length
		d -= n * unit.length
		switch {
		case n == 1:
			parts = append(parts, Say(unit.one))
		case n > 1:
			parts = append(parts, Say(unit.many, int(n)))
		}
	}
	if len(parts) == 0 {
		return Say("span.seconds", 0)
	}
	return strings.Join(parts, " ")
}
