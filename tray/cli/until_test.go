package cli

import (
	"strings"
	"testing"
	"time"

	"heliograph/graph/presence"
	"heliograph/tray/control"
	"heliograph/tray/menu"
)

func berlin(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones here: ", err)
	}
	return loc
}

func TestParseUntil(t *testing.T) {
	loc := berlin(t)
	for _, c := range []struct{ now, text, want string }{
		{"2026-03-25 16:00:00", "17:00", "2026-03-25 17:00"},
		{"2026-03-25 16:00:00", "9:30", "2026-03-26 09:30"},
		{"2026-03-25 17:00:00", "17:00", "2026-03-26 17:00"},
		{"2026-03-25 16:59:59", "17:00", "2026-03-25 17:00"},
		{"2026-03-25 16:00:00", "tomorrow", "2026-03-26 08:00"},
		{"2026-03-25 16:00:00", " Tomorrow  9:00 ", "2026-03-26 09:00"},
		{"2026-03-25 16:00:00", "today 18:00", "2026-03-25 18:00"},
		{"2026-03-25 16:00:00", "wed 18:00", "2026-03-25 18:00"},
		{"2026-03-25 16:00:00", "Wednesday 15:00", "2026-04-01 15:00"},
		{"2026-03-25 16:00:00", "mon", "2026-03-30 08:00"},
		{"2026-03-25 16:00:00", "2026-03-27 12:00", "2026-03-27 12:00"},
		{"2026-03-25 16:00:00", "2026-03-27T12:00", "2026-03-27 12:00"},
		{"2026-12-31 23:00:00", "0:30", "2027-01-01 00:30"},
		// The clock skips 02:00 to 03:00 on 29 March, and shows it twice on 25
		// October 2026.
		{"2026-03-28 23:00:00", "tomorrow 9:00", "2026-03-29 09:00"},
		{"2026-03-29 01:59:00", "3:00", "2026-03-29 03:00"},
		{"2026-10-24 23:00:00", "9:00", "2026-10-25 09:00"},
	} {
		now, err := time.ParseInLocation(time.DateTime, c.now, loc)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseUntil(c.text, now, presence.Hours{})
		if err != nil || got.Format("2006-01-02 15:04") != c.want {
			t.Errorf("at %s %q is %s (%v), not %s", c.now, c.text, got, err, c.want)
		}
	}
}

// TestParseUntilInTheHourThatComesTwice: at either 02:15 of the day, 02:30 is a
// quarter of an hour away.
func TestParseUntilInTheHourThatComesTwice(t *testing.T) {
	for hour, want := range map[int]string{0: "02:15 CEST", 1: "02:15 CET"} {
		now := time.Date(2026, 10, 25, hour, 15, 0, 0, time.UTC).In(berlin(t))
		if now.Format("15:04 MST") != want {
			t.Fatalf("now is %s", now)
		}
		if got, err := ParseUntil("2:30", now, presence.Hours{}); err != nil || got.Sub(now) != 15*time.Minute {
			t.Errorf("at %s: %s, %v", now, got, err)
		}
	}
}

// TestEveningIsOneInstant does the same for "evening", and where it is over.
func TestEveningIsOneInstant(t *testing.T) {
	over := 0
	for _, h := range []presence.Hours{{}, {From: 7 * 60, To: 16 * 60}, {From: 22 * 60, To: 6 * 60}} {
		for hour := range 48 {
			now := time.Date(2026, 3, 28, hour, 0, 0, 0, berlin(t))
			typed, err := ParseUntil("evening", now, h)
			clicked, ok := menu.Until(menu.ForPrefix+"evening", now, h)
			if ok != (err == nil) || ok && !typed.Equal(clicked) {
				t.Fatalf("at %s with %+v: typed %s (%v), clicked %s (%v)", now, h, typed, err, clicked, ok)
			}
			if !ok {
				over++
			}
		}
	}
	if over == 0 {
		t.Error("no evening is ever over")
	}
}

// TestTomorrowIsOneInstant holds that the command line and the menu mean the
// same by "tomorrow".
func TestTomorrowIsOneInstant(t *testing.T) {
	for _, h := range []presence.Hours{{}, {From: 7 * 60, To: 16 * 60}, {Days: [7]bool{1: true}, From: 510, To: 1020}, {Days: [7]bool{1: true}, From: 22 * 60, To: 6 * 60}} {
		for hour := range 8 * 24 {
			now := time.Date(2026, 3, 25, hour, 0, 0, 0, berlin(t)) // over the change of the clocks
			typed, err := ParseUntil("tomorrow", now, h)
			clicked, ok := menu.Until(menu.ForPrefix+"tomorrow", now, h)
			if err != nil || !ok || !typed.Equal(clicked) {
				t.Fatalf("at %s with %+v: typed %s (%v), clicked %s (%v)", now, h, typed, err, clicked, ok)
			}
		}
	}
}

func TestParseUntilErrorsNameTheFix(t *testing.T) {
	now := time.Date(2026, 3, 25, 16, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"":                 `use a time as in "17:00"`,
		"5pm":              `use a time as in "17:00"`,
		"17":               `use a time as in "17:00"`,
		"25:00":            `"25:00" is not a time of day`,
		"17:5":             `"17:5" is not a time of day`,
		"-1:00":            `"-1:00" is not a time of day`,
		"tomorrow 9":       `"9" is not a time of day`,
		"today":            `use a time as in "17:00"`,
		"today 15:00":      "is over already",
		"2026-03-24 12:00": "is over already",
		"2026-04-24 12:00": "more than a week away",
		"next week maybe":  `use a time as in "17:00"`,
		"mo 9:00":          `use a time as in "17:00"`,
		"monkey 9:00":      `use a time as in "17:00"`,
	} {
		got, err := ParseUntil(text, now, presence.Hours{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %s, %v; want %q", text, got, err, want)
		}
	}
}

func TestParseSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{"30m": 30 * time.Minute, " 1h30m ": 90 * time.Minute, "2d": 48 * time.Hour, "1d12h": 36 * time.Hour, "7d": control.MaxChoice, "1s": time.Second} {
		if got, err := ParseSpan(text); err != nil || got != want {
			t.Errorf("%q is %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "30", "-1h", "0s", "8d", "7d1s", "1h 30m", "d", "1dd", "999999999h", "2x"} {
		if got, err := ParseSpan(text); err == nil || !strings.Contains(err.Error(), `as in "30m"`) {
			t.Errorf("%q is %s, %v", text, got, err)
		}
	}
}

// FuzzParseUntil holds the law that an end is in the future, by at most a week,
// and that an error has a text. The same holds for ParseSpan.
func FuzzParseUntil(f *testing.F) {
	zones := []*time.Location{time.UTC, berlin(f)}
	for _, name := range []string{"America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"} {
		if loc, err := time.LoadLocation(name); err == nil {
			zones = append(zones, loc)
		}
	}
	for i, text := range []string{"17:00", "tomorrow", "tomorrow 9:00", "mon 9:00", "2026-03-29 02:30", "0:00", "today 23:59", "30m", "sun"} {
		f.Add(text, int64(1774746000+i*3600), i)
	}
	f.Fuzz(func(t *testing.T, text string, unix int64, zone int) {
		const last = 253402300799 // the year 9999 ends
		now := time.Unix(((unix%last)+last)%last, 0).In(zones[((zone%len(zones))+len(zones))%len(zones)])
		got, err := ParseUntil(text, now, presence.Hours{})
		if err != nil {
			if err.Error() == "" || !got.IsZero() {
				t.Fatalf("%q: %s with error %q", text, got, err)
			}
		} else if !got.After(now) || got.Sub(now) > control.MaxChoice || got.Location() != now.Location() {
			t.Fatalf("%q at %s is %s", text, now, got)
		}
		if d, err := ParseSpan(text); (err == nil) != (d > 0 && d <= control.MaxChoice) {
			t.Fatalf("%q is a span of %s, %v", text, d, err)
		}
	})
}
