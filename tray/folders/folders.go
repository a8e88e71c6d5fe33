// Package folders says in which folders heliograph keeps its files on each
// system. It is the only place that knows them. It creates nothing.
//
//	            Linux and others             macOS                              Windows
//	Settings    $XDG_CONFIG_HOME/heliograph  ~/Library/Application Support/…    %AppData%\heliograph
//	State       $XDG_STATE_HOME/heliograph   ~/Library/Application Support/…    %LocalAppData%\heliograph
//	Logs        as State                     ~/Library/Logs/heliograph          as State
//	Runtime     $XDG_RUNTIME_DIR/heliograph  as State                           %LocalAppData%\heliograph
//
// A Runtime folder whose path is too long for a socket is replaced by a short one
// in the folder for temporary files.
//
// XDG_STATE_HOME and XDG_RUNTIME_DIR are used on every system where they are
// set: they give a second heliograph, beside the first one, folders of its own.
// The environment is read with each call.
//
// Sources: https://specifications.freedesktop.org/basedir-spec,
// https://developer.apple.com/library/archive/documentation/FileManagement/Conceptual/FileSystemProgrammingGuide/FileSystemOverview/FileSystemOverview.html
package folders

import (
	"fmt"
	"os"
	"path/filepath"
)

// name is the folder of heliograph within each folder of the system.
const name = "heliograph"

// Config returns the system's folder for the settings of all programs, where
// autostart entries are, too.
func Config() (string, error) {
	dir, err := configHome()
	if err != nil {
		return "", fmt.Errorf("there is no folder for settings: %w", err)
	}
	return dir, nil
}

// Settings is for what a person edits.
func Settings() (string, error) { return within(Config()) }

// State is for what heliograph remembers over a restart.
func State() (string, error) {
	dir, err := fromEnv("XDG_STATE_HOME", stateHome)
	if err != nil {
		return "", fmt.Errorf("there is no folder for what is remembered: %w", err)
	}
	return filepath.Join(dir, name), nil
}

// Logs is for the log file.
func Logs() (string, error) {
	dir, err := fromEnv("XDG_STATE_HOME", logHome)
	if err != nil {
		return "", fmt.Errorf("there is no folder for the log: %w", err)
	}
	return filepath.Join(dir, name), nil
}

// Runtime is for the control socket: private to the user, and gone with the
// session where the system has such a folder.
func Runtime() (string, error) {
	dir, err := fromEnv("XDG_RUNTIME_DIR", runtimeHome)
	if err != nil {
		return "", fmt.Errorf("there is no folder for the control socket: %w", err)
	}
	return short(filepath.Join(dir, name)), nil
}

// fromEnv returns the folder that an environment variable names, or the
// system's own where it is not set. A path that is not absolute is ignored, as
// the specification requires.
func fromEnv(variable string, system func() (string, error)) (string, error) {
	if dir := os.Getenv(variable); filepath.IsAbs(dir) {
		return dir, nil
	}
	return system()
}

func within(dir string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}
