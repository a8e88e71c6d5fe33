// Package cli carries out what a person types: one file per theme, one value
// per command that takes options. It speaks to the running instance through
// its control socket, and holds no rule about presence itself.
//
// It refuses to touch the process: signals and the exit belong to main.
package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"heliograph/tray/control"
	"heliograph/tray/folders"
	"heliograph/tray/settings"
)

// App is what all commands share.
type App struct {
	In       io.Reader
	Out, Err io.Writer
	// Config is the settings file; empty: the user's own.
	Config string
}

// Do carries a command out; args are what its Args function let through.
type Do = func(ctx context.Context, args []string) error

// logger is for commands that do their work here: warnings go to the person.
func (a *App) logger(c settings.Config) *slog.Logger {
	return slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: max(c.Log.Level.Slog(), slog.LevelWarn)}))
}

// ask asks the running instance.
func (a *App) ask(ctx context.Context, verb string, args, into any) error {
	dir, err := folders.Runtime()
	if err != nil {
		return err
	}
	return control.Call(ctx, dir, verb, args, into)
}

func (a *App) line(format string, args ...any) error {
	_, err := fmt.Fprintf(a.Out, format+"\n", args...)
	return err
}

// json prints v for programs; one: on one line, as more values may follow.
func (a *App) json(v any, one bool) error {
	enc := json.NewEncoder(a.Out)
	if !one {
		enc.SetIndent("", "  ")
	}
	return enc.Encode(v)
}

// colour reports whether out is a terminal on which NO_COLOR is not set.
//
// Source: https://no-color.org
func colour(out io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(out)
}

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// None accepts no arguments. For a command with others beneath it, an argument
// is an unknown command.
func None(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if c.HasSubCommands() {
		return Usage("unknown command %q%s: see %s --help", args[0], didYouMean(c, args[0]), c.CommandPath())
	}
	return Usage("%s takes no arguments, not %q: see %s --help", c.CommandPath(), args[0], c.CommandPath())
}

// One accepts exactly one argument, described by what.
func One(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return Usage("name one %s", what)
		}
		return nil
	}
}
