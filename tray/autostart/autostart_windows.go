package autostart

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf16"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// The keys that Explorer reads at sign-in. The second holds what a person has
// chosen in Task Manager or in Settings: the first byte of its value is odd if
// the entry is switched off.
//
// Source: "Run and RunOnce Registry Keys",
// https://learn.microsoft.com/windows/win32/setupapi/run-and-runonce-registry-keys;
// the second key is undocumented, and every Windows since 8 has it.
const (
	runKey      = `Software\Microsoft\Windows\CurrentVersion\Run`
	approvedKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`
)

// maxCommand is how many units of UTF-16 an entry may have; Windows ignores a
// longer one.
//
// Source: the first page above.
const maxCommand = 260

// name is the name of the registry values.
const name = "heliograph"

// state reads the entry, whether it is switched off, and whether its program
// exists: a portable one may have been moved.
func state() (bool, error) {
	command, err := readRun()
	if err != nil || command == "" {
		return false, err
	}
	words, err := windows.DecomposeCommandLine(command)
	if err != nil || len(words) == 0 {
		return false, err
	}
	if _, err := os.Stat(words[0]); err != nil {
		return false, nil
	}
	off, err := switchedOff()
	return !off, err
}

// switchedOff reports whether a person has switched the entry off.
func switchedOff() (bool, error) {
	k, err := registry.OpenKey(registry.CURRENT_USER, approvedKey, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer k.Close()
	choice, _, err := k.GetBinaryValue(name)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return len(choice) > 0 && choice[0]&1 == 1, nil
}

// readRun returns the command of the entry; empty if there is no entry.
func readRun() (string, error) {
	k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer k.Close()
	command, _, err := k.GetStringValue(name)
	if errors.Is(err, registry.ErrNotExist) {
		return "", nil
	}
	return command, err
}

func enable(exe string, args []string) error {
	command := windows.ComposeCommandLine(append([]string{withoutConsole(exe)}, args...))
	if n := len(utf16.Encode([]rune(command))); n > maxCommand {
		return fmt.Errorf("the command takes %d characters, and Windows starts none of more than %d at sign-in: move heliograph, or its settings file, to a shorter path", n, maxCommand)
	}
	k, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	if err := deleteValue(approvedKey); err != nil {
		return err
	}
	return k.SetStringValue(name, command)
}

// withoutConsole returns the program to start at sign-in: heliograph.com, which
// is the same program for shells, would open a console window.
func withoutConsole(exe string) string {
	base, forShells := strings.CutSuffix(exe, ".com")
	if !forShells {
		return exe
	}
	if _, err := os.Stat(base + ".exe"); err != nil {
		return exe
	}
	return base + ".exe"
}

func disable() error { return errors.Join(deleteValue(runKey), deleteValue(approvedKey)) }

// deleteValue deletes our value of a key. The value, or the key, may be missing.
func deleteValue(key string) error {
	k, err := registry.OpenKey(registry.CURRENT_USER, key, registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer k.Close()
	if err := k.DeleteValue(name); err != nil && !errors.Is(err, registry.ErrNotExist) {
		return err
	}
	return nil
}
