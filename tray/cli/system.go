package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/spf13/pflag"

	"heliograph/tray/atomicfile"
	"heliograph/tray/autostart"
	"heliograph/tray/control"
	"heliograph/tray/folders"
	"heliograph/tray/logbook"
)

// AutostartOn carries out `autostart on`.
func (a *App) AutostartOn(ctx context.Context, _ []string) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start at sign-in: %w", err)
	}
	args := []string{"run"}
	if a.Config != "" {
		file, err := filepath.Abs(a.Config)
		if err != nil {
			return fmt.Errorf("start at sign-in: %w", err)
		}
		args = append(args, "--config", file)
	}
	if err := autostart.Enable(exe, args...); err != nil {
		return err
	}
	a.refresh(ctx)
	return a.line("heliograph starts when you sign in.")
}

// AutostartOff carries out `autostart off`.
func (a *App) AutostartOff(ctx context.Context, _ []string) error {
	if err := autostart.Disable(); err != nil {
		return err
	}
	a.refresh(ctx)
	return a.line("heliograph does not start when you sign in.")
}

// refresh has the running instance, if there is one, show what has changed.
func (a *App) refresh(ctx context.Context) {
	if err := a.ask(ctx, control.VerbRefresh, nil, nil); err != nil && !errors.Is(err, control.ErrNotRunning) {
		fmt.Fprintln(a.Err, "heliograph: the menu may not show it yet:", err)
	}
}

// AutostartStatus carries out `autostart status`: it prints on or off.
func (a *App) AutostartStatus(context.Context, []string) error {
	on, err := autostart.State()
	if err != nil {
		return err
	}
	if on {
		return a.line("on")
	}
	return a.line("off")
}

// Log carries out `log`.
type Log struct {
	*App
	Follow bool
}

// Flags adds the command's flags.
func (l *Log) Flags(f *pflag.FlagSet) {
	f.BoolVar(&l.Follow, "follow", false, "go on with each line as it is written, until Ctrl-C")
}

// Run prints the log file, or its end and what follows.
func (l *Log) Run(ctx context.Context, _ []string) error {
	if l.Follow {
		dir, err := folders.Runtime()
		if err != nil {
			return err
		}
		return l.followed(ctx, control.Follow(ctx, dir, control.VerbLog, nil, func(text string) error {
			_, err := io.WriteString(l.Out, text)
			return err
		}))
	}
	path, err := logbook.Path()
	if err != nil {
		return err
	}
	f, err := atomicfile.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no log yet (%s): start heliograph first", path)
	}
	if err != nil {
		return fmt.Errorf("the log cannot be read: %w", err)
	}
	defer f.Close()
	_, err = io.Copy(l.Out, f)
	return err
}

// Version returns the version that the Go tool has recorded in the program.
func Version() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		return b.Main.Version
	}
	return "(devel)"
}

// PrintVersion carries out `version`.
func (a *App) PrintVersion(context.Context, []string) error {
	return a.line("heliograph %s", Version())
}
