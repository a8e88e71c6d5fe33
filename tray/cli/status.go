package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"heliograph/graph/presence"
	"heliograph/tray/control"
	"heliograph/tray/folders"
)

// Status carries out `status`.
type Status struct {
	*App
	JSON, Follow bool
}

// Flags adds the command's flags.
func (s *Status) Flags(f *pflag.FlagSet) {
	f.BoolVar(&s.JSON, "json", false, "print JSON, as build/status.schema.json describes it")
	f.BoolVar(&s.Follow, "follow", false, "print a line with each change, until Ctrl-C")
}

// Run prints the status once, or with each change.
func (s *Status) Run(ctx context.Context, _ []string) error {
	if s.Follow {
		return s.follow(ctx)
	}
	var now control.State
	if err := s.ask(ctx, control.VerbStatus, nil, &now); err != nil {
		return err
	}
	if err := s.print(now); err != nil {
		return err
	}
	if now.Account == nil {
		return printedError{presence.ErrSignIn}
	}
	return nil
}

func (s *Status) print(now control.State) error {
	if s.JSON {
		return s.json(now, false)
	}
	text := now.Sentence()
	if now.Choice.Message != nil {
		text += "\nStatus message: " + *now.Choice.Message
	}
	if now.Error != nil {
		text += "\n" + *now.Error
	}
	return s.line("%s", text)
}

func (s *Status) follow(ctx context.Context) error {
	dir, err := folders.Runtime()
	if err != nil {
		return err
	}
	last := ""
	err = control.Follow(ctx, dir, control.VerbFollow, nil, func(now control.State) error {
		if s.JSON {
			return s.json(now, true)
		}
		text := now.Sentence()
		if now.Error != nil {
			text += " – " + *now.Error
		}
		if text == last {
			return nil
		}
		last = text
		return s.line("%s  %s", time.Now().Format("15:04:05"), text)
	})
	return s.followed(ctx, err)
}

// followed returns the error of a command that follows the instance: none after
// Ctrl-C, which the user wanted, and one if the instance has quit.
func (a *App) followed(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, io.EOF):
		fmt.Fprintln(a.Err, "heliograph was quit.")
		return printedError{control.ErrNotRunning}
	}
	return err
}
