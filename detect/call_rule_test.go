package detect

import (
	"testing"
	"time"
)

// TestNewRowsCountAtOnce: what the user says of a program ends its call now,
// not after its grace.
func TestNewRowsCountAtOnce(t *testing.T) {
	own := App{ID: "allowed:mycallapp", Name: "mycallapp", Class: CallFirst, Match: []string{"mycallapp"}}
	for name, c := range map[string]struct {
		program       string
		before, after []App
		still         bool
	}{
		"denied":          {"zoom", nil, []App{{ID: "denied:zoom", Name: "zoom", Class: Never, Match: []string{"zoom"}}}, false},
		"allowed_no_more": {"mycallapp", []App{own}, nil, false},
		"another_allowed": {"zoom", nil, []App{own}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newCallRule(Options{Apps: c.before, Debounce: -1, Grace: time.Hour})
			now := time.Now()
			f := &facts{streamsKnown: true, captures: []stream{{index: 1, names: []string{c.program}, source: "microphone"}}}
			if call, _, _, _ := r.step(f, now); !call.Active() {
				t.Fatalf("%s is in no call", c.program)
			}
			r.setApps(c.after)
			now = now.Add(time.Second)
			if call, _, _, _ := r.step(f, now); call.Active() != c.still {
				t.Errorf("a second later the call is %+v", call)
			}
		})
	}
}
