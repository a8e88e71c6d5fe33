package presence

import (
	"testing"
	"time"
)

const layout = "2006-01-02 15:04 -0700"

func place(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func when(t testing.TB, text string, loc *time.Location) time.Time {
	t.Helper()
	at, err := time.Parse(layout, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.In(loc)
}

func days(all ...time.Weekday) (d [7]bool) {
	for _, day := range all {
		d[day] = true
	}
	return d
}

var week = days(1, 2, 3, 4, 5)

// clockCases have the instant to judge, whether it is working time, and when
// that changes. The clocks of Berlin skip 02:00 to 03:00 on 29 March 2026 and
// repeat it on 25 October; those of São Paulo skipped midnight on 4 November
// 2018.
var clockCases = map[string]struct {
	zone  string
	hours Hours
	now   string
	in    bool
	next  string
}{
	"office":                {"Europe/Berlin", Hours{week, 480, 1080}, "2026-03-27 09:00 +0100", true, "2026-03-27 18:00 +0100"},
	"over_the_change":       {"Europe/Berlin", Hours{week, 480, 1080}, "2026-03-27 19:00 +0100", false, "2026-03-30 08:00 +0200"},
	"on_the_day_in_spring":  {"Europe/Berlin", Hours{days(0), 480, 1080}, "2026-03-29 01:00 +0100", false, "2026-03-29 08:00 +0200"},
	"on_the_day_in_autumn":  {"Europe/Berlin", Hours{days(0), 480, 1080}, "2026-10-25 01:00 +0200", false, "2026-10-25 08:00 +0100"},
	"skipped_start":         {"Europe/Berlin", Hours{days(0), 150, 1080}, "2026-03-29 01:00 +0100", false, "2026-03-29 03:00 +0200"},
	"skipped_end":           {"Europe/Berlin", Hours{days(0), 60, 150}, "2026-03-29 01:30 +0100", true, "2026-03-29 03:00 +0200"},
	"skipped_span":          {"Europe/Berlin", Hours{days(0), 130, 170}, "2026-03-29 01:00 +0100", false, "2026-04-05 02:10 +0200"},
	"repeated_start":        {"Europe/Berlin", Hours{days(0), 150, 1080}, "2026-10-25 01:00 +0200", false, "2026-10-25 02:30 +0200"},
	"repeated_end":          {"Europe/Berlin", Hours{days(0), 60, 150}, "2026-10-25 01:30 +0200", true, "2026-10-25 02:30 +0200"},
	"after_a_repeated_end":  {"Europe/Berlin", Hours{days(0), 60, 150}, "2026-10-25 02:15 +0100", false, "2026-11-01 01:00 +0100"},
	"night_begins":          {"Europe/Berlin", Hours{days(1), 1320, 360}, "2026-03-30 12:00 +0200", false, "2026-03-30 22:00 +0200"},
	"night_ends_next_day":   {"Europe/Berlin", Hours{days(1), 1320, 360}, "2026-03-30 23:00 +0200", true, "2026-03-31 06:00 +0200"},
	"after_midnight":        {"Europe/Berlin", Hours{days(1), 1320, 360}, "2026-03-31 05:59 +0200", true, "2026-03-31 06:00 +0200"},
	"monday_morning_is_off": {"Europe/Berlin", Hours{days(1), 1320, 360}, "2026-03-30 05:00 +0200", false, "2026-03-30 22:00 +0200"},
	"night_over_spring":     {"Europe/Berlin", Hours{days(6), 1320, 360}, "2026-03-28 23:00 +0100", true, "2026-03-29 06:00 +0200"},
	"night_over_autumn":     {"Europe/Berlin", Hours{days(6), 1320, 360}, "2026-10-24 23:00 +0200", true, "2026-10-25 06:00 +0100"},
	"skipped_midnight":      {"America/Sao_Paulo", Hours{days(0), 0, 360}, "2018-11-03 12:00 -0300", false, "2018-11-04 01:00 -0200"},
	"whole_day":             {"Europe/Berlin", Hours{days(0, 1), 0, 1440}, "2026-03-29 12:00 +0200", true, "2026-03-31 00:00 +0200"},
	"around_the_clock":      {"Europe/Berlin", Hours{days(0, 1, 2, 3, 4, 5, 6), 0, 0}, "2026-03-28 12:00 +0100", true, ""},
	"no_days":               {"Europe/Berlin", Hours{From: 480, To: 1080}, "2026-03-28 03:00 +0100", true, ""},
}

func TestContain(t *testing.T) {
	for name, c := range clockCases {
		t.Run(name, func(t *testing.T) {
			in, next := c.hours.Contain(when(t, c.now, place(t, c.zone)))
			got := ""
			if !next.IsZero() {
				got = next.Format(layout)
			}
			if in != c.in || got != c.next {
				t.Errorf("at %s: %v until %q, want %v until %q", c.now, in, got, c.in, c.next)
			}
		})
	}
}

// TestDayOfAChoice holds what "tomorrow" and "this evening" mean wherever they
// are offered.
func TestDayOfAChoice(t *testing.T) {
	berlin := place(t, "Europe/Berlin")
	office, night := Hours{week, 8*60 + 30, 17 * 60}, Hours{week, 22 * 60, 6 * 60}
	for name, c := range map[string]struct {
		hours              Hours
		now, tomorrow, end string
	}{
		"office":            {office, "2026-03-25 16:00 +0100", "2026-03-26 08:30 +0100", "2026-03-25 17:00 +0100"},
		"after_work":        {office, "2026-03-25 17:00 +0100", "2026-03-26 08:30 +0100", ""},
		"friday":            {office, "2026-03-27 16:00 +0100", "2026-03-28 08:30 +0100", "2026-03-27 17:00 +0100"},
		"weekend":           {office, "2026-03-28 16:00 +0100", "2026-03-29 08:30 +0200", "2026-03-28 17:00 +0100"},
		"after_midnight":    {office, "2026-03-26 00:30 +0100", "2026-03-27 08:30 +0100", "2026-03-26 17:00 +0100"},
		"nothing_set":       {Hours{}, "2026-03-25 16:00 +0100", "2026-03-26 08:00 +0100", "2026-03-25 18:00 +0100"},
		"no_days":           {Hours{From: 7 * 60, To: 16 * 60}, "2026-03-25 15:00 +0100", "2026-03-26 07:00 +0100", "2026-03-25 16:00 +0100"},
		"night_to_come":     {night, "2026-03-25 16:00 +0100", "2026-03-26 22:00 +0100", "2026-03-26 06:00 +0100"},
		"night":             {night, "2026-03-25 23:00 +0100", "2026-03-26 22:00 +0100", "2026-03-26 06:00 +0100"},
		"night_of_a_friday": {night, "2026-03-28 02:00 +0100", "2026-03-29 22:00 +0200", "2026-03-28 06:00 +0100"},
	} {
		t.Run(name, func(t *testing.T) {
			now := when(t, c.now, berlin)
			if got := c.hours.Tomorrow(now).Format(layout); got != c.tomorrow {
				t.Errorf("tomorrow is %s, want %s", got, c.tomorrow)
			}
			end, ok := c.hours.DayEnd(now)
			if got := end.Format(layout); ok != (c.end != "") || ok && got != c.end {
				t.Errorf("the day ends %s, %v; want %s", got, ok, c.end)
			}
		})
	}
}

// TestZoneOfNow: the same instant is working time in one zone and not in
// another.
func TestZoneOfNow(t *testing.T) {
	hours := Hours{week, 480, 1080}
	at := time.Date(2026, 3, 25, 9, 0, 0, 0, time.UTC)
	if in, _ := hours.Contain(at.In(place(t, "Europe/Berlin"))); !in {
		t.Error("10:00 in Berlin is not working time")
	}
	in, next := hours.Contain(at.In(place(t, "America/New_York")))
	if in || next.Format(layout) != "2026-03-25 08:00 -0400" {
		t.Errorf("05:00 in New York: %v until %s", in, next)
	}
}

// FuzzTimeOfDay holds that the clock shows the requested time, unless it skips
// that time, and that it shows it for the first time that day.
func FuzzTimeOfDay(f *testing.F) {
	var zones []*time.Location
	for _, name := range []string{"UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"} {
		zones = append(zones, place(f, name))
	}
	for i := range zones {
		f.Add(int64(1774746000), 150, i)
		f.Add(int64(1792890000), 150, i)
		f.Add(int64(1541300000), 0, i)
		f.Add(int64(1325200000), 540, i)
	}
	f.Fuzz(func(t *testing.T, unix int64, minute, zone int) {
		minute = (minute%1440 + 1440) % 1440
		now := time.Unix((unix%4e9+4e9)%int64(4e9), 0).In(zones[(zone%len(zones)+len(zones))%len(zones)])
		got := TimeOfDay(now, 0, minute)
		y, m, d := now.Date()
		wall := func(at time.Time) string { return at.Format("2006-01-02 15:04") }
		asked := wall(time.Date(y, m, d, 0, minute, 0, 0, time.UTC))
		if got.Location() != now.Location() {
			t.Fatalf("in another zone: %s", got)
		}
		if wall(got) != asked {
			if before := got.Add(-time.Nanosecond); wall(before) >= asked || wall(got) < asked {
				t.Fatalf("%s is %s, which skips from %s", asked, got, before)
			}
		}
		for _, back := range []time.Duration{30 * time.Minute, time.Hour, 24 * time.Hour} {
			if earlier := got.Add(-back); wall(earlier) == asked {
				t.Fatalf("%s is %s, not the first, %s", asked, got, earlier)
			}
		}
	})
}
