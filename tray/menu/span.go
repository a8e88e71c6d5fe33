package menu

import (
	"strings"
	"time"

	"heliograph/graph/presence"
	"heliograph/tray"
	"heliograph/tray/words"
)

// span is one length that a choice can have from the menu.
type span struct {
	id  string
	end func(now time.Time, h presence.Hours) time.Time // zero: no end
}

var spans = []span{
	{"30m", after(30 * time.Minute)}, {"1h", after(time.Hour)}, {"2h", after(2 * time.Hour)}, {"4h", after(4 * time.Hour)},
	{"evening", evening}, {"tomorrow", tomorrow}, {"changed", func(time.Time, presence.Hours) time.Time { return time.Time{} }},
}

func after(d time.Duration) func(time.Time, presence.Hours) time.Time {
	return func(now time.Time, _ presence.Hours) time.Time { return now.Add(d) }
}

// evening returns the end of today's work; now, if that has passed.
func evening(now time.Time, h presence.Hours) time.Time {
	if end, ok := h.DayEnd(now); ok {
		return end
	}
	return now
}

func tomorrow(now time.Time, h presence.Hours) time.Time { return h.Tomorrow(now) }

// Until returns when a choice ends whose duration was clicked; zero: it has no
// end. ok reports that the id is that of a duration which ends after now.
func Until(id string, now time.Time, h presence.Hours) (end time.Time, ok bool) {
	name, ok := strings.CutPrefix(id, ForPrefix)
	if !ok {
		return time.Time{}, false
	}
	for _, s := range spans {
		if s.id != name {
			continue
		}
		at := s.end(now, h)
		return at, at.IsZero() || at.After(now)
	}
	return time.Time{}, false
}

// durations returns the submenu with the durations of the present choice.
// Automatic has none.
func durations(f Facts) tray.Row {
	c := f.State.Choice
	top := tray.Row{ID: "for"}
	switch {
	case chosen(f.State) == presence.Automatic:
		top.Label, top.Disabled = words.Say("menu.for.none"), true
	case c.Until.IsZero():
		top.Label = words.Say("menu.for", words.Say("menu.for.open"))
	default:
		top.Label = words.Say("menu.for", words.Say("until", words.Clock(c.Until, f.Now)))
	}
	for _, s := range spans {
		row := tray.Row{ID: ForPrefix + s.id}
		switch at := s.end(f.Now, f.Hours); {
		case s.id != "evening" && s.id != "tomorrow":
			row.Label = words.Say("menu.for." + s.id)
		case at.After(f.Now):
			row.Label = words.Say("menu.for.clock", words.Clock(at, f.Now))
		default: // only an evening can be over
			row.Label, row.Disabled = words.Say("menu.for.evening.over"), true
		}
		top.Rows = append(top.Rows, row)
	}
	return top
}
