package detect

import "testing"

func TestDisplaySocket(t *testing.T) {
	for display, want := range map[string]string{
		":0": "X0", ":99.0": "X99", "unix:1": "X1", "": "", "far.example:0": "", "localhost:10.0": "", ":": "", "0": "",
	} {
		if got := displaySocket(display); got != want {
			t.Errorf("display %q has the socket %q, not %q", display, got, want)
		}
	}
}

// TestServerSockets: only a server that this session can use is worth looking
// for sources again.
func TestServerSockets(t *testing.T) {
	for name, want := range map[string]bool{
		"bus": true, "native": true, "pulse": true, "system-bus": true, "wayland-1": true, "wayland-1.lock": false,
		"X7": true, "X0": false, "X70": false, "dconf": false, "": false,
	} {
		if got := isServerSocket(name, "X7"); got != want {
			t.Errorf("%q is one: %v, want %v", name, got, want)
		}
	}
	if isServerSocket("X0", displaySocket("")) || isServerSocket("", displaySocket("")) {
		t.Error("without a display an X server counts")
	}
}
