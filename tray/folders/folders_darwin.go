package folders

import (
	"os"
	"path/filepath"
)

// configHome returns ~/Library/Application Support.
func configHome() (string, error) { return os.UserConfigDir() }

func stateHome() (string, error) { return os.UserConfigDir() }

// logHome returns where the Console app looks for logs.
func logHome() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, "Library", "Logs"), nil
}
