package day

import (
	"slices"
	"strings"
	"time"

	"heliograph/detect"
)

// desk is what can be seen of the person at one computer, in the words of
// package detect.
type desk struct {
	activity detect.Activity
	calls    []detect.Call
	open     []string
}

// apply follows an event, at now by the computer's clock. It reports whether the
// activity may have changed.
func (d *desk) apply(e Event, now time.Time) bool {
	a := &d.activity
	switch e.Kind {
	case PowerOn:
		*d = desk{}
	case Input:
		a.InUse, a.LastInput = true, now
	case Rest:
		a.InUse, a.LastInput = false, now
	case Lock:
		a.Locked, a.InUse, a.LastInput = true, false, now
	case Unlock:
		a.Locked, a.InUse, a.LastInput = false, true, now
	case Elsewhere:
		a.Elsewhere, a.InUse, a.LastInput = true, false, now
	case Returns:
		a.Elsewhere, a.InUse, a.LastInput = false, true, now
	case Sleep:
		a.Asleep, a.InUse, a.LastInput = true, false, now
	case Wake:
		a.Asleep, a.Woke = false, now
	case CallBegins:
		d.calls = append(slices.Clone(d.calls), detect.Call{App: strings.ToLower(e.App), Name: e.App, Since: now, Teams: e.App == teamsApp})
		d.oneCall()
	case CallEnds:
		d.calls = slices.DeleteFunc(slices.Clone(d.calls), func(c detect.Call) bool { return c.Name == e.App })
		d.oneCall()
	case AppOpens:
		d.open = append(slices.Clone(d.open), e.App)
		return false
	case AppCloses:
		d.open = slices.DeleteFunc(slices.Clone(d.open), func(a string) bool { return a == e.App })
		return false
	default:
		return false
	}
	return true
}

// oneCall reports the call that began first, as the detector does.
func (d *desk) oneCall() {
	d.activity.Call = detect.Call{}
	if len(d.calls) > 0 {
		d.activity.Call = d.calls[0]
		d.activity.Call.Apps = len(d.calls)
	}
}
