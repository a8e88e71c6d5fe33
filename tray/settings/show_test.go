package settings

import (
	"reflect"
	"strings"
	"testing"
)

// TestShowReadsBack: what is shown means what is used, and says where it comes from.
func TestShowReadsBack(t *testing.T) {
	p := newPlace(t)
	p.write("[automatic]\naway_after = \"90m\"\nwork_days = [\"mon\", \"fri\"]\ncall_message = 'a \"b\" # c'\n" +
		"[[calls.app]]\nname = \"My app\"\nclass = \"call\"\nmatch = [\"my\"]\n[hooks]\non_change = [\"/bin/x\", \"\\n\"]\n")
	owner := Open(p.options())
	owner.SetSwitch("call", false)
	owner.Deny("obs")
	v := owner.Value()
	text := v.Show()
	c, err := parseText([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if changed := changedKeys(v.Config, c); len(changed) > 0 {
		// A list that is not set reads back as one that is empty.
		for _, key := range changed {
			if a, b := flatten(v.Config)[key], flatten(c)[key]; reflect.ValueOf(a).Len()+reflect.ValueOf(b).Len() > 0 {
				t.Errorf("%s reads back as %v, not %v", key, b, a)
			}
		}
	}
	for _, want := range []string{"away_after = '1h30m' # file, line 2\n", "busy_in_call = false # menu\n", "deny = ['obs'] # menu\n",
		"language = 'auto' # default\n", "[[calls.app]] # file, line 5\nname = 'My app'\n", "Settings file: " + p.path} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q:\n%s", want, text)
		}
	}
	p.write("[automatic]\naway = 1\n")
	if text := Open(p.options()).Value().Show(); !strings.Contains(text, "# The file is wrong, so the default settings are used") || !strings.Contains(text, "line 2: unknown key") {
		t.Errorf("the problem is not shown:\n%s", text)
	}
}
