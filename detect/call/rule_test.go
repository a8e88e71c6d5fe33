package call

import (
	"strings"
	"testing"
	"time"
)

// What the user says about a program ends its call at once, not after its
// grace.
func TestNewProgramsCountAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		program       string
		before, after Programs
		still         bool
	}{
		"denied":             {"zoom", Programs{}, Programs{Deny: []string{"zoom"}}, false},
		"allowed no more":    {"mycallapp", Programs{Allow: []string{"mycallapp"}}, Programs{}, false},
		"another is allowed": {"zoom", Programs{}, Programs{Allow: []string{"mycallapp"}}, true},
		"its row is removed": {"mycallapp", Programs{Apps: []App{{ID: "mine", Name: "Mine", Class: CallFirst, Match: []string{"mycallapp"}}}}, Programs{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Now()
			r := NewRule(Options{Programs: c.before, Grace: time.Hour})
			e := Evidence{Known: true, Captures: []Sound{{Index: 1, Names: []string{c.program}, Source: "microphone"}}}
			if j := r.Judge(e, now); !j.Call.Active() {
				t.Fatalf("%s is in no call", c.program)
			}
			r.SetPrograms(c.after)
			if j := r.Judge(e, now.Add(time.Second)); j.Call.Active() != c.still {
				t.Errorf("a second later the call is %+v", j.Call)
			}
		})
	}
}

// The order in which streams are listed does not matter.
func TestStreamsAreInAStableOrder(t *testing.T) {
	now := time.Now()
	a, b, c := Sound{Index: 9, Names: []string{"zoom"}}, Sound{Index: 3, Names: []string{"softphone"}}, Sound{Index: 4, Names: []string{"another"}}
	var want Judgement
	for i, list := range [][]Sound{{a, b, c}, {c, b, a}, {b, a, c}} {
		j := NewRule(Options{}).Judge(Evidence{Known: true, Captures: list}, now)
		if i == 0 {
			want = j
		}
		if j.Unlisted != "softphone" { // the first that began
			t.Errorf("list %d: %q is asked about", i, j.Unlisted)
		}
		for k, s := range j.Streams {
			if s.Program != []string{"another", "softphone", "zoom"}[k] || s != want.Streams[k] {
				t.Errorf("list %d: stream %d is %+v", i, k, s)
			}
		}
	}
}

func TestProgramIDs(t *testing.T) {
	p := Programs{Apps: []App{{ID: "My call app", Name: "My call app", Class: CallFirst, Match: []string{"mycallapp"}}}}
	for name, want := range map[string]string{
		"Zoom": "zoom", "zoom": "zoom", "ZoomHybridConf": "zoom", "us.zoom.Zoom": "zoom", "Zoom.exe": "zoom",
		"edge": "edge", "Microsoft Edge": "edge", "msedge": "edge",
		"obs": "obs", "Audacity": "audacity", "com.obsproject.Studio": "com.obsproject.studio",
		"recorders": "recorders", "Sound recorder": "Sound recorder", // a row of many programs is none of them
		"my call app": "My call app", "MyCallApp": "My call app",
		"gather": "gather", "Softphone.exe": "Softphone",
	} {
		got, known := p.ID(name)
		if got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
		if unknown := got == "gather" || got == "Softphone" || got == "Sound recorder" || got == "recorders"; known == unknown {
			t.Errorf("%s is known: %v", name, known)
		}
	}
}

// TestTable: each name matches one row of the table at most, and each class is
// known.
func TestTable(t *testing.T) {
	rows := map[string]string{}
	for _, a := range table {
		switch a.Class {
		case CallFirst, Messenger, Browser, Never:
		default:
			t.Errorf("%s has class %q", a.ID, a.Class)
		}
		for _, m := range a.Match {
			key := strings.ToLower(plainName(m))
			if other, ok := rows[key]; ok {
				t.Errorf("%s matches %s and %s", m, other, a.ID)
			}
			rows[key] = a.ID
		}
		if a.ID == "" || a.Name == "" || len(a.Match) == 0 {
			t.Errorf("%+v is not whole", a)
		}
	}
}

// A program that the user has both allowed and denied is denied.
func TestDenyWins(t *testing.T) {
	r := NewRule(Options{Programs: Programs{Allow: []string{"softphone"}, Deny: []string{"SoftPhone.exe"}}})
	j := r.Judge(Evidence{Known: true, Captures: []Sound{{Names: []string{"softphone"}}}}, time.Now())
	if j.Call.Active() || j.Unlisted != "" || j.Streams[0].Class != Never || j.Streams[0].Unlisted {
		t.Errorf("%+v", j)
	}
}
