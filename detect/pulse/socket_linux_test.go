package pulse

import "testing"

func TestSocket(t *testing.T) {
	for _, c := range []struct{ server, path, run, want string }{
		{"", "", "/run/user/1", "/run/user/1/pulse/native"},
		{"", "/x", "/run/user/1", "/x/native"},
		{"unix:/s", "", "", "/s"},
		{"{machine}unix:/s", "", "", "/s"},
		{"/s", "", "", "/s"},
		{"tcp:elsewhere:4713 unix:/s", "", "", "/s"},
		{"tcp:elsewhere:4713", "", "/r", "/r/pulse/native"},
		{"", "", "", ""},
	} {
		t.Setenv("PULSE_SERVER", c.server)
		t.Setenv("PULSE_RUNTIME_PATH", c.path)
		t.Setenv("XDG_RUNTIME_DIR", c.run)
		got, err := Socket()
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%+v: got %q, %v", c, got, err)
		}
	}
}
