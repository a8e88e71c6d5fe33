package menu

import (
	"testing"
	"time"

	"heliograph/detect"
	"heliograph/graph/presence"
	"heliograph/tray"
	"heliograph/tray/words"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.Local)

func facts() []Facts {
	all := []Facts{{}, {SigningIn: true}, {Account: "ada@contoso.example", Trouble: "Microsoft cannot be reached."}, {NoAutostart: true}, {Autostart: true, Rules: []Rule{{ID: "idle", Label: "x", On: true}}}}
	for i := range all {
		all[i].Now = noon
	}
	for _, s := range append(presence.Statuses(), presence.Paused) {
		for _, until := range []time.Time{{}, noon.Add(time.Hour)} {
			all = append(all, Facts{Now: noon, Account: "ada", State: presence.State{Choice: presence.Choice{Status: s, Until: until}, Theirs: presence.PreferAway,
				Activity: detect.Activity{Call: detect.Call{App: "zoom", Name: "Zoom"}, Unlisted: "Audacity"}}})
		}
	}
	return all
}

// TestRowsNeverComeOrGo holds what the tray needs: the same ids in the same
// order whatever the facts, one submenu level, and words in every row.
func TestRowsNeverComeOrGo(t *testing.T) {
	ids := func(rows []tray.Row) (out []string) {
		for _, r := range rows {
			out = append(out, r.ID)
			if r.Label == "" && !r.Separator {
				t.Errorf("row %s has no label", r.ID)
			}
		}
		return out
	}
	first := ids(View(facts()[0]).Rows)
	for _, f := range facts() {
		v := View(f)
		got := ids(v.Rows)
		if len(got) != len(first) {
			t.Fatalf("%d rows, then %d", len(first), len(got))
		}
		for i := range got {
			if got[i] != first[i] {
				t.Errorf("row %d is %s, then %s", i, first[i], got[i])
			}
			for _, sub := range v.Rows[i].Rows {
				if len(sub.Rows) != 0 {
					t.Errorf("%s has a submenu in a submenu", got[i])
				}
			}
			ids(v.Rows[i].Rows)
		}
		if v.Tooltip == "" || v.Icon == "" {
			t.Errorf("no tooltip or icon for %+v", f)
		}
	}
}

func TestOneStatusIsChecked(t *testing.T) {
	for _, f := range facts() {
		n := 0
		for _, r := range View(f).Rows {
			if _, ok := Status(r.ID); (ok || r.ID == Pause) && r.Checked {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d statuses are checked for %+v", n, f.State.Choice)
		}
	}
}

func TestUntil(t *testing.T) {
	hours := presence.Hours{From: 8*60 + 30, To: 17 * 60, Days: [7]bool{true, true, true, true, true, true, true}}
	for _, c := range []struct {
		id    string
		hours presence.Hours
		want  time.Time
	}{
		{"for:30m", hours, noon.Add(30 * time.Minute)}, {"for:4h", hours, noon.Add(4 * time.Hour)},
		{"for:evening", hours, noon.Add(5 * time.Hour)}, {"for:evening", presence.Hours{}, noon.Add(6 * time.Hour)},
		{"for:tomorrow", hours, noon.Add(20*time.Hour + 30*time.Minute)}, {"for:tomorrow", presence.Hours{}, noon.Add(20 * time.Hour)}, {"for:changed", hours, time.Time{}},
	} {
		if got, ok := Until(c.id, noon, c.hours); !ok || !got.Equal(c.want) {
			t.Errorf("%s is %v, %v, want %v", c.id, got, ok, c.want)
		}
	}
	for _, id := range []string{"for:ever", "status:busy", "for:"} {
		if _, ok := Until(id, noon, hours); ok {
			t.Errorf("%s is taken for a duration", id)
		}
	}
	if _, ok := Until("for:evening", noon.Add(8*time.Hour), hours); ok {
		t.Error("an evening that is over can be chosen")
	}
}

// TestTomorrowIsNamedByItsClock: for a night shift tomorrow does not begin in the
// morning.
func TestTomorrowIsNamedByItsClock(t *testing.T) {
	words.Use("en")
	night := presence.Hours{From: 22 * 60, To: 6 * 60, Days: [7]bool{true, true, true, true, true, true, true}}
	var label string
	for _, r := range durations(Facts{Now: noon, Hours: night}).Rows {
		if r.ID == "for:tomorrow" {
			label = r.Label
		}
	}
	if label != "Until tomorrow 22:00" {
		t.Errorf("the row reads %q", label)
	}
}

func TestGreyedRowsSayWhy(t *testing.T) {
	words.Use("en")
	v := View(Facts{Now: noon})
	for _, r := range v.Rows {
		for id, want := range map[string]string{FreeTheirs: "Nothing set in Teams", NotACall: "No call right now", IsACall: "No other app is recording", "for": "Duration: Automatic doesn't end"} {
			if r.ID == id && (r.Label != want || !r.Disabled) {
				t.Errorf("%s is %q, greyed: %v", id, r.Label, r.Disabled)
			}
		}
	}
}

// TestApplicationIsNamedAsOne: the row says whose presence is set, and that an
// application does it.
func TestApplicationIsNamedAsOne(t *testing.T) {
	words.Use("en")
	for application, want := range map[bool]string{true: "Application, for ada@contoso.example", false: "ada@contoso.example"} {
		for _, r := range View(Facts{Now: noon, Account: "ada@contoso.example", Application: application}).Rows {
			if r.ID == "account" && r.Label != want {
				t.Errorf("application %v: %q", application, r.Label)
			}
		}
	}
}
