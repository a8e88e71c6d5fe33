package bus

import "testing"

func TestSessionSocket(t *testing.T) {
	for address, want := range map[string]string{
		"":                          "/run/user/7/bus",
		"unix:path=/run/user/1/bus": "/run/user/1/bus",
		"unix:path=/tmp/dbus-1,guid=0123456789abcdef": "/tmp/dbus-1",
		"tcp:host=localhost;unix:guid=7,path=/tmp/x":  "/tmp/x",
		"unix:abstract=/tmp/dbus-2":                   "",
		"autolaunch:":                                 "",
	} {
		t.Setenv("XDG_RUNTIME_DIR", "/run/user/7")
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		if got := sessionSocket(); got != want {
			t.Errorf("%q leads to %q, want %q", address, got, want)
		}
	}
}
