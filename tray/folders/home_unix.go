//go:build !windows

package folders

import (
	"os"
	"os/user"
	"path/filepath"
)

// home returns the user's home folder: HOME, or else what the system knows of
// the user, since a service may be started without HOME.
func home() (string, error) {
	dir, err := os.UserHomeDir()
	if err == nil {
		return dir, nil
	}
	if u, uerr := user.Current(); uerr == nil && filepath.IsAbs(u.HomeDir) {
		return u.HomeDir, nil
	}
	return "", err
}

// inHome returns a folder below the user's home.
func inHome(path ...string) func() (string, error) {
	return func() (string, error) {
		dir, err := home()
		if err != nil {
			return "", err
		}
		return filepath.Join(append([]string{dir}, path...)...), nil
	}
}
