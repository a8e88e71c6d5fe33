//go:build !windows && !darwin

package folders

import (
	"os"
	"path/filepath"
)

func configHome() (string, error) { return fromEnv("XDG_CONFIG_HOME", inHome(".config")) }

func stateHome() (string, error) { return inHome(".local", "state")() }

func logHome() (string, error) { return stateHome() }

// inHome returns a folder below the user's home.
func inHome(path ...string) func() (string, error) {
	return func() (string, error) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		return filepath.Join(append([]string{home}, path...)...), nil
	}
}
