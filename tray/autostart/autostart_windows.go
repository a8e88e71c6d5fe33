package autostart

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// The keys that Explorer reads at sign-in. The second holds what a person has
// decided in the task manager or in the settings; its value's first byte is
// odd for "off".
//
// Source: https://learn.microsoft.com/windows/win32/setupapi/run-and-runonce-registry-keys;
// the second key is undocumented, but every Windows since 8 keeps it
const (
	runKey      = `Software\Microsoft\Windows\CurrentVersion\Run`
	approvedKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`
)

// name is the name of the registry values.
const name = "heliograph"

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
		return false, nil // a portable program was moved
	}
	k, err := registry.OpenKey(registry.CURRENT_USER, approvedKey, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer k.Close()
	verdict, _, err := k.GetBinaryValue(name)
	if errors.Is(err, registry.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return len(verdict) == 0 || verdict[0]&1 == 0, nil
}

// readRun is the command of the entry; empty: there is none.
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
	// heliograph.com is the same program for shells: it would open a console.
	if twin := strings.TrimSuffix(exe, ".com") + ".exe"; strings.HasSuffix(exe, ".com") {
		if _, err := os.Stat(twin); err == nil {
			exe = twin
		}
	}
	k, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	if err := forget(approvedKey); err != nil {
		return err
	}
	return k.SetStringValue(name, windows.ComposeCommandLine(append([]string{exe}, args...)))
}

func disable() error { return errors.Join(forget(runKey), forget(approvedKey)) }

// forget deletes our value of a key, either of which may not be there.
func forget(key string) error {
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
