package corefoundation

import "testing"

func TestHandles(t *testing.T) {
	var h Handles[string]
	a, b := h.New("a"), h.New("b")
	if a == 0 || b == 0 || a == b {
		t.Fatalf("numbers %d and %d", a, b)
	}
	if v, ok := h.Get(a); v != "a" || !ok {
		t.Errorf("got %q, %v", v, ok)
	}
	h.Delete(a)
	h.Delete(a)
	if v, ok := h.Get(a); v != "" || ok {
		t.Errorf("after Delete: %q, %v", v, ok)
	}
	if c := h.New("c"); c == a || c == b {
		t.Errorf("number %d is used again", c)
	}
	if v, _ := h.Get(b); v != "b" {
		t.Errorf("got %q", v)
	}
	if _, ok := h.Get(0); ok {
		t.Error("0 has a value")
	}
}
