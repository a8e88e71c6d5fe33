package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"heliograph/tray/control"
	"heliograph/tray/folders"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// path returns the path of the settings file; one that --config names must
// exist.
func (a *App) path() (string, error) {
	if a.Config == "" {
		return settings.Path()
	}
	if _, err := os.Stat(a.Config); errors.Is(err, fs.ErrNotExist) {
		return "", Usage("there is no settings file %s, as --config names it: heliograph config path makes the usual one", a.Config)
	}
	return filepath.Abs(a.Config)
}

// openSettings reads the settings as the running heliograph does: a wrong file
// is a problem of their value, not an error.
func (a *App) openSettings(log *slog.Logger) (*settings.Owner, error) {
	path, err := a.path()
	if err != nil {
		return nil, err
	}
	return openSettingsAt(path, log), nil
}

// openSettingsAt reads the settings file at a path; empty: there is none.
func openSettingsAt(path string, log *slog.Logger) *settings.Owner {
	state, err := folders.State()
	if err != nil && log != nil {
		log.Warn("what is set in the menu is not remembered", "error", err)
	}
	o := settings.Open(settings.Options{Path: path, State: state, CallMessage: callMessage, Log: log})
	words.Use(string(o.Value().General.Language))
	return o
}

// callMessage returns the status message in a call where the menu asks for one
// and the settings file has none.
func callMessage(l settings.Language) string {
	return words.SayIn(string(l), "call-message", "{app}")
}

// load reads the settings. A wrong file is a usage error that names the line.
func (a *App) load() (settings.Value, error) {
	o, err := a.openSettings(nil)
	if err != nil {
		return settings.Value{}, err
	}
	v := o.Value()
	if v.Problem != nil {
		return v, UsageError{v.Problem}
	}
	return v, nil
}

// loadAnyway reads the settings for a command that has a use for the last good
// ones, or for the defaults, where the file is wrong; it says so.
func (a *App) loadAnyway() (settings.Value, error) {
	v, err := a.load()
	if v.Problem == nil {
		return v, err
	}
	_, err = fmt.Fprintf(a.Err, "heliograph: %v; the %s settings are used\n", v.Problem, v.Fallback())
	return v, err
}

// ConfigPath carries out `config path`. Somebody who asks for the path wants to
// edit the file, so it is created if it is missing.
func (a *App) ConfigPath(context.Context, []string) error {
	path, err := a.path()
	if err != nil {
		return err
	}
	if a.Config == "" {
		if err := settings.EnsureFile(path); err != nil {
			return err
		}
	}
	return a.line("%s", path)
}

// ConfigCheck carries out `config check`.
func (a *App) ConfigCheck(context.Context, []string) error {
	v, err := a.load()
	if err != nil {
		return err
	}
	if _, err := os.Stat(v.Path); err != nil {
		return a.line("%s: not there, so the defaults are used", v.Path)
	}
	return a.line("%s: ok", v.Path)
}

// ConfigShow carries out `config show`: it prints every setting as the running
// instance uses it, in the file's own form, and where it comes from. If the
// instance uses another file than --config names, or none runs, this process
// reads it.
func (a *App) ConfigShow(ctx context.Context, _ []string) error {
	path, err := a.path()
	if err != nil {
		return err
	}
	var s control.Settings
	err = a.ask(ctx, control.VerbSettings, nil, &s)
	switch {
	case errors.Is(err, control.ErrNotRunning), err == nil && a.Config != "" && s.Path != path:
		return a.showOwnSettings()
	case err != nil:
		return err
	}
	return a.showSettings(s.Text, s.Problem)
}

// showOwnSettings prints the settings as this process reads them.
func (a *App) showOwnSettings() error {
	o, err := a.openSettings(nil)
	if err != nil {
		return err
	}
	v := o.Value()
	if v.Problem != nil {
		return a.showSettings(v.Show(), v.Problem.Error())
	}
	return a.showSettings(v.Show(), "")
}

// showSettings prints the settings; that the file is wrong is a usage error.
func (a *App) showSettings(text, problem string) error {
	if _, err := fmt.Fprint(a.Out, text); err != nil {
		return err
	}
	if problem != "" {
		return UsageError{errors.New(problem)}
	}
	return nil
}
