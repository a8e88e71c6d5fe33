package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"heliograph/graph/presence"
	"heliograph/tray/control"
)

// weekdays by their first three letters.
var weekdays = map[string]time.Weekday{"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}

const untilForms = `use a time as in "17:00", "evening", "tomorrow", "tomorrow 9:00" or "mon 9:00"`

// ParseUntil reads the end of a status: a time of day, meaning its next
// occurrence; "evening", meaning the end of today's work; "tomorrow" or a
// weekday, with a time or else the start of work; or a date with a time as in
// "2026-03-29 17:00". The menu means the same by these words. The result is
// after now by at most control.MaxChoice, in now's location. A time that the
// clock skips when summer time begins is the instant of the change; of a time
// that it shows twice, the result is the next one.
func ParseUntil(text string, now time.Time, hours presence.Hours) (time.Time, error) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 1 {
		if day, clock, ok := strings.Cut(words[0], "t"); ok && len(day) == len(time.DateOnly) {
			words = []string{day, clock} // as in 2026-03-29T17:00
		}
	}
	t, err := until(words, now, hours)
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("%q is not an end of a status: %w", text, err)
	case !t.After(now):
		return time.Time{}, fmt.Errorf("%q is over already: name a time to come", text)
	case t.Sub(now) > control.MaxChoice:
		return time.Time{}, fmt.Errorf("%q is more than a week away: name an earlier time", text)
	}
	return t, nil
}

func until(words []string, now time.Time, hours presence.Hours) (time.Time, error) {
	if len(words) == 1 && words[0] == "evening" {
		end, ok := hours.DayEnd(now)
		if !ok {
			return time.Time{}, errors.New("this evening is over: name a time to come")
		}
		return end, nil
	}
	if len(words) == 0 || len(words) > 2 {
		return time.Time{}, fmt.Errorf("%s", untilForms)
	}
	minute, err := hours.DayStart(), error(nil)
	day := words[0]
	if len(words) == 2 {
		minute, err = clock(words[1])
	} else if strings.Contains(day, ":") {
		day = ""
		minute, err = clock(words[0])
	}
	if err != nil {
		return time.Time{}, err
	}
	y, m, d := now.Date()
	switch wd, isWeekday := weekdays[day[:min(3, len(day))]]; {
	case day == "":
		if t := at(now, y, m, d, minute); t.After(now) {
			return t, nil
		}
		return at(now, y, m, d+1, minute), nil
	case day == "today" && len(words) == 2:
		return at(now, y, m, d, minute), nil
	case day == "tomorrow":
		return at(now, y, m, d+1, minute), nil
	case isWeekday && strings.HasPrefix(strings.ToLower(wd.String()), day):
		ahead := (int(wd) - int(now.Weekday()) + 7) % 7
		if t := at(now, y, m, d+ahead, minute); t.After(now) {
			return t, nil
		}
		return at(now, y, m, d+ahead+7, minute), nil
	}
	if date, err := time.Parse(time.DateOnly, day); err == nil && len(words) == 2 {
		y, m, d := date.Date()
		return at(now, y, m, d, minute), nil
	}
	return time.Time{}, fmt.Errorf("%s", untilForms)
}

// at returns the instant of a minute of a day; of two with the same clock time,
// the next one.
func at(now time.Time, y int, m time.Month, d, minute int) time.Time {
	t := presence.TimeOfDay(time.Date(y, m, d, 12, 0, 0, 0, now.Location()), 0, minute)
	if again := t.Add(time.Hour); !t.After(now) && again.After(now) && again.Hour() == t.Hour() {
		return again
	}
	return t
}

// clock reads a time of day, "9:00" to "23:59", in minutes.
func clock(s string) (int, error) {
	hour, minute, ok := strings.Cut(s, ":")
	h, herr := strconv.ParseUint(hour, 10, 8)
	m, merr := strconv.ParseUint(minute, 10, 8)
	if !ok || len(minute) != 2 || len(hour) > 2 || herr != nil || merr != nil || h > 23 || m > 59 {
		return 0, fmt.Errorf(`%q is not a time of day: write it as "17:00"`, s)
	}
	return int(h)*60 + int(m), nil
}

// ParseSpan reads how long a status lasts: "30m", "1h30m", "2d".
func ParseSpan(text string) (time.Duration, error) {
	s := strings.TrimSpace(text)
	var d time.Duration
	days, rest, hasDays := strings.Cut(s, "d")
	n, err := strconv.ParseUint(days, 10, 8)
	switch {
	case !hasDays:
		d, err = time.ParseDuration(s)
	case err == nil && rest != "":
		d, err = time.ParseDuration(rest)
		d += time.Duration(n) * 24 * time.Hour
	case err == nil:
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d < time.Second || d > control.MaxChoice {
		return 0, fmt.Errorf(`%q is not a length of time for a status: use up to a week, as in "30m", "1h30m" or "2d"`, text)
	}
	return d, nil
}
