package pulse

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Socket finds the user's own sound server as its own clients do. A server
// across the network is passed over.
//
// Source: https://www.freedesktop.org/wiki/Software/PulseAudio/Documentation/User/ServerStrings
func Socket() (string, error) {
	for _, s := range strings.Fields(os.Getenv("PULSE_SERVER")) {
		if i := strings.Index(s, "}"); i >= 0 && strings.HasPrefix(s, "{") {
			s = s[i+1:]
		}
		if s = strings.TrimPrefix(s, "unix:"); strings.HasPrefix(s, "/") {
			return s, nil
		}
	}
	dir := os.Getenv("PULSE_RUNTIME_PATH")
	if dir == "" {
		run := os.Getenv("XDG_RUNTIME_DIR")
		if run == "" {
			return "", errors.New("there is no sound server (neither PULSE_SERVER nor XDG_RUNTIME_DIR is set)")
		}
		dir = filepath.Join(run, "pulse")
	}
	return filepath.Join(dir, "native"), nil
}

// cookie returns the secret that the server may ask for. A server that knows
// the user by the socket accepts any, so one that cannot be read is zero.
func cookie() []byte {
	b := make([]byte, cookieSize)
	path := os.Getenv("PULSE_COOKIE")
	if dir, err := os.UserConfigDir(); path == "" && err == nil {
		path = filepath.Join(dir, "pulse", "cookie")
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return b // opening another kind of file may block for ever
	}
	file, err := os.Open(path)
	if err != nil {
		return b
	}
	defer file.Close()
	if _, err := io.ReadFull(file, b); err != nil {
		clear(b)
	}
	return b
}
