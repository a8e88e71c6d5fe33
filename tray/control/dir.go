package control

import (
	"fmt"
	"os"
	"path/filepath"
)

// Dir is where the socket lives: private to the user, gone with the session
// where the system has such a place.
func Dir() (string, error) {
	if run := os.Getenv("XDG_RUNTIME_DIR"); run != "" {
		return filepath.Join(run, "heliograph"), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the control socket: %w", err)
	}
	return filepath.Join(dir, "heliograph"), nil
}
