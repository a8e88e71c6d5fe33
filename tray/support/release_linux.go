package support

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// release returns the versions of the system, and which desktop it has.
func release() []string {
	var all []string
	if raw, err := os.ReadFile("/etc/os-release"); err == nil {
		for line := range strings.Lines(string(raw)) {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
				all = append(all, strings.Trim(value, `"`))
			}
		}
	}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		all = append(all, "Linux "+unix.ByteSliceToString(u.Release[:]))
	}
	for _, name := range []string{"XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE", "FLATPAK_ID", "SNAP_NAME"} {
		if value := os.Getenv(name); value != "" {
			all = append(all, name+"="+value)
		}
	}
	return all
}
