package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"heliograph/tray/control"
)

// fileFlags are the flags whose value is a file; a shell completes its name.
var fileFlags = []string{"config"}

// flagValues are what a shell completes for other flags; for those not listed
// it completes nothing.
var flagValues = map[string][]cobra.Completion{
	"for":     {"30m", "1h", "2h", "4h", "1d"},
	"until":   {"17:00", "evening", "tomorrow"},
	"profile": {"v1.0", "beta-2021"},
}

// complete keeps shells from completing file names where none is meant, and
// makes cobra's own completion command refuse a shell that it does not know.
func complete(root *cobra.Command) {
	for _, c := range everyCommand(root) {
		if c.ValidArgsFunction == nil && len(c.ValidArgs) == 0 {
			c.ValidArgsFunction = cobra.NoFileCompletions
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			for _, name := range fileFlags {
				if f.Name == name {
					return
				}
			}
			suggest := cobra.FixedCompletions(flagValues[f.Name], cobra.ShellCompDirectiveNoFileComp)
			if err := c.RegisterFlagCompletionFunc(f.Name, suggest); err != nil {
				panic(err) // twice the same flag, which is a fault of the table
			}
		})
		if c.Name() == "completion" {
			c.Args = None
			c.RunE = func(c *cobra.Command, _ []string) error {
				return Usage("name a shell: bash, zsh, fish or powershell: see %s --help", c.CommandPath())
			}
		}
	}
}

// everyCommand lists a command and all beneath it.
func everyCommand(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		all = append(all, everyCommand(sub)...)
	}
	return all
}

// suggestTimeout bounds a completion: a person has pressed Tab.
const suggestTimeout = time.Second

// suggestApps completes the programs that record now or were judged before.
func (a *App) suggestApps(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(c.Context(), suggestTimeout)
	defer cancel()
	var calls control.Calls
	if a.ask(ctx, control.VerbCalls, nil, &calls) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp // nothing runs, so nothing is known
	}
	var names []cobra.Completion
	for _, s := range calls.Streams {
		names = append(names, cobra.CompletionWithDesc(s.Program, s.Name))
	}
	return append(append(names, calls.Allowed...), calls.Denied...), cobra.ShellCompDirectiveNoFileComp
}

// didYouMean names the commands that are spelt like a wrong one; empty if there
// are none.
func didYouMean(c *cobra.Command, typed string) string {
	if c.SuggestionsMinimumDistance <= 0 {
		c.SuggestionsMinimumDistance = 2
	}
	if close := c.SuggestionsFor(typed); len(close) > 0 {
		return " (did you mean " + close[0] + "?)"
	}
	return ""
}

// printedError is an error that the command has printed in its own words; only
// the exit code remains.
type printedError struct{ error }

// Unwrap returns the error itself.
func (e printedError) Unwrap() error { return e.error }
