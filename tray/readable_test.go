package tray

import (
	"strings"
	"testing"
)

// TestViewsAndToastsAreSafeToShow: what others wrote, such as a program's name,
// has no control characters in the menu, the tooltip or a toast.
func TestViewsAndToastsAreSafeToShow(t *testing.T) {
	evil := "Zo\x1b[2Jom\x07\u202e"
	first := View{Tooltip: evil + "\nline", Rows: []Row{{ID: "a\x1b", Label: evil, Rows: []Row{{Label: evil}}}}}
	v := New(Options{First: first}).latest()
	for _, text := range []string{v.Tooltip, v.Rows[0].Label, v.Rows[0].Rows[0].Label} {
		if strings.ContainsAny(text, "\x1b\x07\u202e") || !strings.Contains(text, "om") {
			t.Errorf("%q", text)
		}
	}
	if !strings.Contains(v.Tooltip, "\nline") || v.Rows[0].ID != first.Rows[0].ID || first.Rows[0].Label != evil {
		t.Errorf("%+v of %+v", v, first)
	}
	toaster := &Toaster{queue: make(chan Toast, 1), last: map[string]shown{}}
	toaster.Show(Toast{Title: evil, Body: evil + "\nline"})
	if n := <-toaster.queue; strings.ContainsAny(n.Title+n.Body, "\x1b\x07\u202e") || !strings.Contains(n.Body, "\nline") {
		t.Errorf("%+v", n)
	}
}
