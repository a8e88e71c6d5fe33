package tray

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// TestRepeatedToasts holds the rule against a stream of toasts: seconds after
// noon, and whether each is shown.
func TestRepeatedToasts(t *testing.T) {
	type event struct {
		at    int
		toast Toast
		want  bool
	}
	for name, events := range map[string][]event{
		"same_text": {{0, Toast{Class: "a", Body: "x"}, true}, {11, Toast{Class: "a", Body: "x"}, false}, {599, Toast{Class: "a", Body: "x"}, false}, {600, Toast{Class: "a", Body: "x"}, true}},
		"other_text": {{0, Toast{Class: "a", Body: "x"}, true}, {9, Toast{Class: "a", Body: "y"}, false}, {10, Toast{Class: "a", Body: "y"}, true},
			{20, Toast{Class: "a", Body: "x"}, true}},
		"other_class": {{0, Toast{Class: "a", Body: "x"}, true}, {0, Toast{Class: "b", Body: "x"}, true}},
		// The person clicked Sign in twice, and it failed twice.
		"answers": {{0, Toast{Class: "a", Body: "x", Always: true}, true}, {3, Toast{Class: "a", Body: "x", Always: true}, true}, {4, Toast{Class: "a", Body: "y"}, false}},
	} {
		t.Run(name, func(t *testing.T) {
			toaster := &Toaster{last: map[string]shown{}}
			for _, e := range events {
				if got := toaster.admit(e.toast, noon.Add(time.Duration(e.at)*time.Second)); got != e.want {
					t.Errorf("after %d s the toast %q is shown: %v, want %v", e.at, e.toast.Body, got, e.want)
				}
			}
		})
	}
}

// TestOutageNotifiesOnce looks at outages second by second.
func TestOutageNotifiesOnce(t *testing.T) {
	const delay = 3 * time.Minute
	for name, test := range map[string]struct {
		healthy    func(second int) bool
		began, end int // toasts in an hour
	}{
		"short":  {func(s int) bool { return s < 100 || s >= 100+179 }, 0, 0},
		"long":   {func(s int) bool { return s < 100 || s >= 3000 }, 1, 1},
		"lasts":  {func(s int) bool { return s < 100 }, 1, 0},
		"two":    {func(s int) bool { return s < 100 || (s >= 400 && s < 1000) || s >= 2000 }, 2, 2},
		"blinks": {func(s int) bool { return s%2 == 0 }, 0, 0},
		"none":   {func(int) bool { return true }, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := Outage{Delay: delay}
			var began, end, since int
			failing := false
			for s := range 3600 {
				now := noon.Add(time.Duration(s) * time.Second)
				if test.healthy(s) {
					failing = false
					if o.Over() {
						end++
					}
					continue
				}
				if !failing {
					failing, since = true, s
				}
				notify, again := o.Failing(noon.Add(time.Duration(since)*time.Second), now)
				if notify {
					began++
				}
				left := time.Duration(since-s)*time.Second + delay
				if late := left <= 0; late && again != 0 || !late && again != left {
					t.Fatalf("second %d: asked to look again in %v, want %v", s, again, left)
				}
			}
			if began != test.began || end != test.end {
				t.Errorf("notified of %d outages and %d ends, want %d and %d", began, end, test.began, test.end)
			}
		})
	}
}
