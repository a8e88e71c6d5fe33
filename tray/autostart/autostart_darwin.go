package autostart

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"heliograph/tray/atomicfile"
)

// agentPath returns the path of the launch agent, in the folder of the user that
// launchd reads at each sign-in. A `launchctl disable`, which is kept elsewhere,
// is not noticed.
//
// Source: launchctl(1); "Creating Launch Daemons and Agents" in Apple's Daemons
// and Services Programming Guide.
func agentPath() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, "Library", "LaunchAgents", agentLabel+".plist"), nil
}

// state reads the launch agent and reports whether its program exists.
func state() (bool, error) {
	path, err := agentPath()
	if err != nil {
		return false, err
	}
	raw, err := atomicfile.Read(path, maxEntry)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	a, err := parseAgent(string(raw))
	if err != nil {
		return false, err
	}
	_, err = os.Stat(a.program)
	return a.load && !a.off && err == nil && !translocated(a.program), nil
}

func enable(exe string, args []string) error {
	if translocated(exe) {
		return ErrTranslocated
	}
	path, err := agentPath()
	if err != nil {
		return err
	}
	text, err := renderAgent(exe, args)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, []byte(text), 0o644)
}

func disable() error {
	path, err := agentPath()
	if err != nil {
		return err
	}
	return remove(path)
}
