package settings

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Duration is a span of time, written as "90s", "5m" or "1h30m"; never negative.
type Duration time.Duration

// UnmarshalText reads a Duration.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(strings.TrimSpace(string(b)))
	if err != nil || v < 0 {
		return fmt.Errorf(`%q is not a span of time: write a number and a unit, as in "90s", "5m" or "1h30m"`, b)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes a Duration as a person would, as String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String returns the span without its zero parts: "5m", "1h30m".
func (d Duration) String() string {
	text := time.Duration(d).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// Clock is a time of day in minutes since midnight, written as "08:30".
type Clock int

// UnmarshalText reads a Clock; "24:00" is the end of the day.
func (c *Clock) UnmarshalText(b []byte) error {
	s := strings.TrimSpace(string(b))
	if s == "24:00" {
		*c = 24 * 60
		return nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return fmt.Errorf(`%q is not a time of day: write it as in "08:30"`, b)
	}
	*c = Clock(t.Hour()*60 + t.Minute())
	return nil
}

// MarshalText writes a Clock as a person would.
func (c Clock) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%02d:%02d", c/60, c%60), nil }

// Day is a weekday, written as "mon" to "sun".
type Day time.Weekday

var days = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// UnmarshalText reads a Day by its first three letters.
func (d *Day) UnmarshalText(b []byte) error {
	s := strings.ToLower(strings.TrimSpace(string(b)))
	i := slices.Index(days, s[:min(3, len(s))])
	if i < 0 {
		return fmt.Errorf("%q is not a weekday: use mon, tue, wed, thu, fri, sat or sun", b)
	}
	*d = Day(i)
	return nil
}

// MarshalText writes a Day as a person would.
func (d Day) MarshalText() ([]byte, error) {
	if int(d) < 0 || int(d) >= len(days) {
		return nil, fmt.Errorf("%d is not a weekday", d)
	}
	return []byte(days[d]), nil
}

// The words that are accepted where only some are. They are checked after
// reading, since the decoder sets a text without asking its type.
type (
	// Language names a language of the message catalogue, or "auto".
	Language string
	// Cloud names a Microsoft cloud.
	Cloud string
	// API names a version of Microsoft Graph.
	API string
	// SignIn says who signs in: a person, or the application itself.
	SignIn string
	// Class says how much proof a program's recording needs to be a call.
	Class string
	// Level is a log level.
	Level string
)

var (
	languages = []string{"auto", "en", "de"}
	clouds    = []string{"global", "usgov-l4", "usgov-l5", "china"}
	apis      = []string{"v1.0", "beta"}
	signIns   = []string{"person", "application"}
	classes   = []string{"call", "messenger", "browser", "never"}
	levels    = []string{"debug", "info", "warn", "error"}
)

// Slog returns the level for log/slog.
func (v Level) Slog() slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(v)) // one of four names, checked when read
	return l
}
