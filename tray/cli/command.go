package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"heliograph/graph/presence"
	"heliograph/tray/control"
)

// Run carries out one command line and returns the exit code of the process.
func Run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := Command(&App{In: in, Out: out, Err: errOut})
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil, errors.As(err, new(printedError)):
	case errors.Is(err, control.ErrNotRunning):
		fmt.Fprintln(errOut, err) // a sentence about heliograph itself
	default:
		fmt.Fprintln(errOut, "heliograph:", err)
	}
	return ExitCode(err)
}

const long = `heliograph mirrors what you do at your desk into your Microsoft Teams presence:
Available while you work, Busy during calls in any app, Away when you leave.

Without a command it runs in the tray; the commands speak to that instance.

Exit codes:
  0  done
  1  failed, or doctor found a problem
  2  the command line or the settings file is wrong
  3  heliograph is not running
  4  nobody is signed in`

const setLong = `Choose a status: automatic, available, busy, dnd, brb, away or offline. It holds
until its end, until you choose another one, here or in Teams; then heliograph
mirrors the desk again.`

const statusLong = `Show what colleagues should see, and why. --json prints every field that
build/status.schema.json lists, null where nothing is known; with --follow it is
one object a line.`

const doctorLong = `Check every part that heliograph uses, and say how to fix what does not work. It
changes nothing.

--bundle writes a ZIP file for a report of a problem instead: versions, what
doctor says, the statuses of today, what records, the settings without your
texts, and the last lines of the log. It has no tokens, names of accounts or
computers, addresses, status messages or window titles, and is sent to nobody.`

const secretLong = `Keep the secret that signs the webhook, the password for the MQTT broker, or the
application's own secret or certificate (where no person signs in) in the
system's keyring. It is read from a terminal without an echo, or from a pipe.`

// row is one command: what a person types, what it is for, and who does it.
type row struct {
	use, short, long string
	examples         []string
	valid            []cobra.Completion   // what a shell completes
	suggest          cobra.CompletionFunc // the same, asked for at that moment
	args             cobra.PositionalArgs // nil: none
	flags            func(*pflag.FlagSet)
	do               Do // nil: only its rows do something
	rows             []row
}

// groups are the headings of the help.
var groups = []string{"Everyday", "Looking inside", "Setting up", "Trying out"}

// table returns all commands, group by group.
func table(a *App) [][]row {
	set, pause := &Choose{App: a}, &Choose{App: a, Status: presence.Paused}
	auto := &Choose{App: a, Status: presence.Automatic}
	status, why, calls, doctor := &Status{App: a}, &Why{App: a}, &Calls{App: a}, &Doctor{App: a}
	log, login, demo, emulate := &Log{App: a}, &Login{App: a}, &Demo{App: a}, &Emulate{App: a}
	return [][]row{{
		{use: "run", short: "Run in the tray (the same as without a command)", examples: []string{"run"}, do: a.Tray},
		{use: "set STATUS", short: "Choose a status, for as long as you like", long: setLong, args: One("status: automatic, available, busy, dnd, brb, away or offline"), flags: set.Flags, do: set.Run, valid: Statuses(),
			examples: []string{"set busy", "set dnd --for 1h30m", "set away --until 17:00", `set busy --until "tomorrow 9:00" --message "Writing the report"`}},
		{use: "auto", short: "Go back to mirroring the desk", examples: []string{"auto"}, do: auto.Run},
		{use: "pause", short: "Leave Teams alone for a while", examples: []string{"pause", "pause --for 2h", "pause --until tomorrow"}, flags: pause.Ends, do: pause.Run},
		{use: "quit", short: "Quit the running heliograph; what it had set is cleared", examples: []string{"quit"}, do: a.Quit},
		{use: "status", short: "Show what colleagues should see, and why", long: statusLong, flags: status.Flags, do: status.Run,
			examples: []string{"status", "status --json", "status --follow --json | jq --unbuffered -r .wanted.availability"}},
	}, {
		{use: "why", short: "Explain the present status, and print today's timeline", examples: []string{"why", "why --json"}, flags: why.Flags, do: why.Run},
		{use: "calls", short: "Show what records now, and how it was judged", examples: []string{"calls", "calls --json", "calls deny obs"}, flags: calls.Flags, do: calls.Run, rows: []row{
			{use: "allow APP", short: "Take a program's recordings for calls", examples: []string{"calls allow mycallapp"}, args: AppOnly, suggest: a.suggestApps, do: a.Judge("allow", "Recordings of %s are calls from now on.")},
			{use: "deny APP", short: "Never take a program's recordings for calls", examples: []string{"calls deny obs"}, args: AppOnly, suggest: a.suggestApps, do: a.Judge("deny", "Recordings of %s are not calls from now on.")},
			{use: "forget APP", short: "Go back to automatic detection for a program", examples: []string{"calls forget obs"}, args: AppOnly, suggest: a.suggestApps, do: a.Judge("forget", "%s is back to automatic detection.")},
		}},
		{use: "watch", short: "Print what the detector sees as JSON lines, without an account", examples: []string{"watch", "watch | jq -c .call"}, do: a.Watch},
		{use: "doctor", short: "Check every part, and say how to fix what does not work", long: doctorLong, examples: []string{"doctor", "doctor --json", "doctor --bundle", "doctor --bundle=report.zip"}, flags: doctor.Flags, do: doctor.Run},
		{use: "log", short: "Print the log of the running heliograph", examples: []string{"log", "log --follow"}, flags: log.Flags, do: log.Run},
	}, {
		{use: "login", short: "Sign in to Microsoft", examples: []string{"login", "login --device-code --timeout 10m"}, flags: login.Flags, do: login.Run},
		{use: "logout", short: "Sign out and remove every token from the keyring", examples: []string{"logout"}, do: a.Logout},
		{use: "autostart", short: "Start heliograph when you sign in", examples: []string{"autostart on"}, rows: []row{
			{use: "on", short: "Start heliograph when you sign in", examples: []string{"autostart on"}, do: a.AutostartOn},
			{use: "off", short: "Do not start heliograph when you sign in", examples: []string{"autostart off"}, do: a.AutostartOff},
			{use: "status", short: "Print on or off", examples: []string{"autostart status"}, do: a.AutostartStatus},
		}},
		{use: "config", short: "Find, check or show the settings", examples: []string{"config check"}, do: a.ConfigPath, rows: []row{
			{use: "path", short: "Print the path of the settings file", examples: []string{`"${EDITOR:-vi}" "$(heliograph config path)"`}, do: a.ConfigPath},
			{use: "check", short: "Check the settings file", examples: []string{"config check --config draft.toml"}, do: a.ConfigCheck},
			{use: "show", short: "Print every setting as it holds now", examples: []string{"config show"}, do: a.ConfigShow},
		}},
		{use: "secret", short: "Keep a secret for the webhook, MQTT or the application in the keyring", long: secretLong, examples: []string{"secret set mqtt"}, rows: []row{
			{use: "set NAME", short: "Put a secret into the keyring", examples: []string{"secret set mqtt", "secret set webhook < secret.txt"}, args: SecretName, valid: Secrets, do: a.SetSecret},
			{use: "remove NAME", short: "Take a secret out of the keyring", examples: []string{"secret remove mqtt"}, args: SecretName, valid: Secrets, do: a.RemoveSecret},
		}},
		{use: "version", short: "Print the version", examples: []string{"version"}, do: a.PrintVersion},
	}, {
		{use: "demo", short: "Try heliograph on an emulated Microsoft, without an account", examples: []string{"demo", "demo --for 30s"}, flags: demo.Flags, do: demo.Run},
		{use: "emulate", short: "Serve the emulated Microsoft alone, for tests", examples: []string{"emulate --listen 127.0.0.1:8089 --json"}, flags: emulate.Flags, do: emulate.Run},
	}}
}

// Command builds the command line of the table. build/man makes the manual
// pages of it.
func Command(a *App) *cobra.Command {
	// On Windows, cobra refuses to run a program whose parent is explorer.exe: it
	// takes the program for a command line tool that was started by mistake,
	// prints this text, waits and exits with 1. A tray program is meant to be
	// started by Explorer: from the Start menu, by a double click, at sign-in.
	// Without a text cobra does not check the parent.
	cobra.MousetrapHelpText = ""
	root := row{use: "heliograph", short: "Mirror your desk into your Teams presence", long: long, do: a.Tray}.command("")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.PersistentFlags().StringVar(&a.Config, "config", "", "settings `FILE` (default: in your configuration folder)")
	root.Version = Version()
	root.SetVersionTemplate("heliograph {{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return Usage("%w: see %s --help", err, c.CommandPath())
	})
	for i, rows := range table(a) {
		root.AddGroup(&cobra.Group{ID: groups[i], Title: groups[i] + ":"})
		for _, r := range rows {
			c := r.command("heliograph ")
			c.GroupID = groups[i]
			root.AddCommand(c)
		}
	}
	root.InitDefaultCompletionCmd()
	complete(root)
	return root
}

// command returns the command of a row, with the commands beneath it.
func (r row) command(program string) *cobra.Command {
	c := &cobra.Command{Use: r.use, Short: r.short, Long: r.long, Args: r.args, Example: example(program, r.examples)}
	if c.Args == nil {
		c.Args = None
	}
	c.ValidArgs, c.ValidArgsFunction = r.valid, r.suggest
	if r.flags != nil {
		r.flags(c.Flags())
	}
	for _, sub := range r.rows {
		c.AddCommand(sub.command(program))
	}
	do := r.do
	if do == nil {
		do = func(context.Context, []string) error {
			return Usage("%s needs one more word: see %s --help", c.CommandPath(), c.CommandPath())
		}
	}
	c.RunE = func(c *cobra.Command, args []string) error { return do(c.Context(), args) }
	return c
}

func example(program string, lines []string) string {
	for i, l := range lines {
		if strings.HasPrefix(l, `"`) {
			lines[i] = "  " + l
			continue
		}
		lines[i] = "  " + program + l
	}
	return strings.Join(lines, "\n")
}
