// Command heliograph mirrors what a person does at the desk into their
// Microsoft Teams presence. This file is the command table; package
// tray/desk wires the parts of a running instance together.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"heliograph/graph"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
	"heliograph/tray/config"
	"heliograph/tray/desk"
	"heliograph/tray/remote"
	"heliograph/tray/words"
)

// Exit codes, documented in the help.
const (
	exitFailure    = 1
	exitUsage      = 2
	exitNotRunning = 3
	exitSignIn     = 4
)

func main() {
	// A program that runs all day and allocates little gives memory back
	// early; MSAL's set-up would else stay resident.
	debug.SetGCPercent(40)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process around it.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	root := command(out, errOut)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(errOut, "heliograph:", err)
	var usage usageError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, remote.ErrNotRunning):
		return exitNotRunning
	case errors.Is(err, presence.ErrSignIn), errors.Is(err, graph.ErrNoClientID):
		return exitSignIn
	}
	return exitFailure
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

const long = `heliograph mirrors what you do at your desk into your Microsoft Teams presence:
Available while you work, Busy during calls in any app, Away when you leave.

Without a command it runs in the tray. Exit codes: 0 done, 1 failed, 2 the
command line is wrong, 3 heliograph is not running, 4 nobody is signed in.`

// command is the command table.
func command(out, errOut io.Writer) *cobra.Command {
	var file string
	root := &cobra.Command{Use: "heliograph", Short: "Mirror your desk into your Teams presence", Long: long,
		SilenceErrors: true, SilenceUsage: true, Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runTray(c.Context(), file, errOut) }}
	root.PersistentFlags().StringVar(&file, "config", "", "settings file (default: in your configuration folder)")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	add := func(use, short, example string, args cobra.PositionalArgs, do func(*cobra.Command, []string) error) *cobra.Command {
		c := &cobra.Command{Use: use, Short: short, Example: example, Args: args, RunE: do}
		root.AddCommand(c)
		return c
	}
	add("run", "Run in the tray (the same as without a command)", "  heliograph run", noArgs,
		func(c *cobra.Command, _ []string) error { return runTray(c.Context(), file, errOut) })

	var span time.Duration
	demo := add("demo", "Try heliograph on an emulated Microsoft, without an account", "  heliograph demo\n  heliograph demo --for 30s", noArgs,
		func(c *cobra.Command, _ []string) error { return runDemo(c.Context(), file, span, out, errOut) })
	demo.Flags().DurationVar(&span, "for", 0, "end by itself after this long (default: until Ctrl-C)")

	var e emulation
	em := add("emulate", "Serve the emulated Microsoft alone, for tests", "  heliograph emulate --listen 127.0.0.1:8089 --json", noArgs,
		func(c *cobra.Command, _ []string) error { return e.serve(c.Context(), out) })
	em.Flags().StringVar(&e.listen, "listen", "127.0.0.1:8089", "address to listen on; port 0 picks a free one")
	em.Flags().StringVar(&e.profile, "profile", "v1.0", "version of the contract: v1.0 or beta-2021")
	em.Flags().BoolVar(&e.json, "json", false, "print the URLs as JSON on the first line")
	em.Flags().BoolVar(&e.anywhere, "anywhere", false, "allow an address that others can reach")

	var device bool
	login := add("login", "Sign in to Microsoft", "  heliograph login\n  heliograph login --device-code", noArgs,
		func(c *cobra.Command, _ []string) error { return signIn(c.Context(), file, device, out, errOut) })
	login.Flags().BoolVar(&device, "device-code", false, "show a code to enter on another device")
	add("logout", "Sign out and remove every token from the keyring", "  heliograph logout", noArgs,
		func(c *cobra.Command, _ []string) error { return signOut(c.Context(), file, out, errOut) })

	remoteCommands(add, out)
	add("config [path|check|show]", "Show, check or locate the settings file", "  heliograph config check", oneOf("path", "check", "show"),
		func(_ *cobra.Command, args []string) error { return showConfig(file, args, out) })
	add("version", "Print the version", "  heliograph version", noArgs,
		func(*cobra.Command, []string) error { _, err := fmt.Fprintln(out, "heliograph", version()); return err })
	return root
}

func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("unknown command %q: see heliograph --help", args[0])}
	}
	return nil
}

func oneOf(words ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		for _, w := range words {
			if len(args) == 0 || (len(args) == 1 && args[0] == w) {
				return nil
			}
		}
		return usageError{fmt.Errorf("use one of %v", words)}
	}
}

// version is what the Go tool stamped into the binary.
func version() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		return b.Main.Version
	}
	return "(devel)"
}

// load reads the settings and makes the log.
func load(file string, errOut io.Writer) (config.Config, string, *slog.Logger, error) {
	if file == "" {
		var err error
		if file, err = config.Path(); err != nil {
			return config.Config{}, "", nil, err
		}
	}
	c, err := config.Load(file)
	if err != nil {
		return config.Config{}, file, nil, usageError{err}
	}
	words.Use(string(c.General.Language))
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: c.Log.Level.Slog()}))
	return c, file, log, nil
}

func runTray(ctx context.Context, file string, errOut io.Writer) error {
	c, path, log, err := load(file, errOut)
	if err != nil {
		return err
	}
	if file == "" {
		if err := config.EnsureFile(path); err != nil {
			log.Warn("the settings file could not be made", "error", err)
		}
	}
	dir, err := remote.Dir()
	if err != nil {
		return err
	}
	err = desk.Run(ctx, desk.Options{Config: c, ConfigPath: path, Log: log, Vault: graph.KeyringVault{Ask: true}, Dir: dir, Tray: true})
	if errors.Is(err, remote.ErrRunning) {
		return remote.Call(ctx, dir, "show", nil, nil)
	}
	return err
}

// runDemo runs the same instance on an emulator in this process.
func runDemo(ctx context.Context, file string, span time.Duration, out, errOut io.Writer) error {
	c, path, _, err := load(file, errOut)
	if err != nil {
		return err
	}
	if span > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, span)
		defer cancel()
	}
	s := emu.New(emu.Options{})
	ln, err := emu.Listen("127.0.0.1:0", false)
	if err != nil {
		return err
	}
	// The page outlives the instance, so that it shows the farewell too.
	pages, stop := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- s.Serve(pages, ln) }()
	dir, err := os.MkdirTemp("", "heliograph-demo")
	if err != nil {
		stop()
		return err
	}
	defer os.RemoveAll(dir)
	c.Account = config.Account{ClientID: emu.AppID, Tenant: emu.TenantID, Cloud: "global", API: "v1.0", SignIn: "person"}
	page := desk.NewPrinter(out)
	page.Line(words.Say("print.page", "http://"+ln.Addr().String()+"/"))
	err = desk.Run(ctx, desk.Options{Config: c, ConfigPath: path, Log: slog.New(slog.DiscardHandler), Vault: &graph.MemoryVault{}, Dir: dir,
		Tray: true, Printer: page, Transport: s.Transport(), OpenURL: walk(s.Transport())})
	shown := s.User("self").Shown
	page.Line(words.Say("print.farewell", words.Pair(presence.Pair{Availability: shown.Availability, Activity: shown.Activity})))
	stop()
	return errors.Join(err, <-served)
}

// walk signs the emulator's first person in, as a browser would: without
// making the caller wait.
func walk(rt http.RoundTripper) func(string) error {
	browse := emu.Browser(rt, "self")
	return func(page string) error {
		go func() { _ = browse(page) }() // a failure ends as a sign-in nobody answered
		return nil
	}
}

// emulation is heliograph emulate.
type emulation struct {
	listen, profile string
	json, anywhere  bool
}

func (e emulation) serve(ctx context.Context, out io.Writer) error {
	profile, err := emu.ParseProfile(e.profile)
	if err != nil {
		return usageError{err}
	}
	ln, err := emu.Listen(e.listen, e.anywhere)
	if err != nil {
		return err
	}
	url := "http://" + ln.Addr().String()
	if e.json {
		err = json.NewEncoder(out).Encode(map[string]string{"url": url, "graph": url + "/v1.0", "beta": url + "/beta", "board": url + "/",
			"control": url + "/_emulator", "authority": url + "/" + emu.TenantID, "tenant": emu.TenantID, "clientId": emu.AppID, "profile": string(profile)})
	} else {
		_, err = fmt.Fprintf(out, "Emulating Microsoft Entra and Graph presence (%s) on %s\nBoard:   %s/\nControl: %s/_emulator/state\n", profile, url, url, url)
	}
	if err == nil && e.anywhere {
		_, err = fmt.Fprintln(os.Stderr, "Everybody who reaches this address controls the emulator.")
	}
	if err != nil {
		return err
	}
	return emu.New(emu.Options{Profile: profile}).Serve(ctx, ln)
}

func signIn(ctx context.Context, file string, device bool, out, errOut io.Writer) error {
	c, _, log, err := load(file, errOut)
	if err != nil {
		return err
	}
	p, err := desk.SignIn(ctx, c, log, device, out)
	if err != nil {
		return fmt.Errorf("%s\n%w", graph.Explain(err), err)
	}
	_, err = fmt.Fprintf(out, "Signed in as %s (%s).\n", p.Name, p.Username)
	return err
}

func signOut(ctx context.Context, file string, out, errOut io.Writer) error {
	c, _, log, err := load(file, errOut)
	if err != nil {
		return err
	}
	if err := desk.SignOut(ctx, c, log); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "Signed out; nothing is left in the keyring.")
	return err
}

func showConfig(file string, args []string, out io.Writer) error {
	c, path, _, err := load(file, io.Discard)
	if len(args) == 0 || args[0] == "path" {
		_, werr := fmt.Fprintln(out, path)
		return werr
	}
	if err != nil {
		return err
	}
	if args[0] == "check" {
		_, err = fmt.Fprintln(out, path+": ok")
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(c)
}

// remoteCommands speak to the running instance.
func remoteCommands(add func(use, short, example string, args cobra.PositionalArgs, do func(*cobra.Command, []string) error) *cobra.Command, out io.Writer) {
	ask := func(ctx context.Context, verb string, args, into any) error {
		dir, err := remote.Dir()
		if err != nil {
			return err
		}
		return remote.Call(ctx, dir, verb, args, into)
	}
	var asJSON bool
	status := add("status", "Show what colleagues should see, and why", "  heliograph status --json", noArgs, func(c *cobra.Command, _ []string) error {
		var s desk.Status
		if err := ask(c.Context(), "status", nil, &s); err != nil {
			return err
		}
		if asJSON {
			enc := json.NewEncoder(out)
			enc.SetIndent("", "  ")
			return enc.Encode(s)
		}
		_, err := fmt.Fprintln(out, s.Sentence())
		return err
	})
	status.Flags().BoolVar(&asJSON, "json", false, "print JSON")

	var span time.Duration
	choose := func(s presence.Status) func(*cobra.Command, []string) error {
		return func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				var err error
				if s, err = presence.ParseStatus(args[0]); err != nil {
					return usageError{err}
				}
			}
			if span < 0 {
				return usageError{fmt.Errorf("--for %s: use a span such as 30m or 1h", span)}
			}
			return ask(c.Context(), "choose", desk.ChooseArgs{Status: s, For: span.String()}, nil)
		}
	}
	set := add("set STATUS", "Choose a status: automatic, available, busy, dnd, brb, away or offline", "  heliograph set busy --for 1h", exactlyOne, choose(""))
	set.Flags().DurationVar(&span, "for", 0, "fall back to automatic after this long (default: until changed)")
	add("auto", "Go back to mirroring the desk", "  heliograph auto", noArgs, choose(presence.Automatic))
	pause := add("pause", "Leave Teams alone", "  heliograph pause --for 1h", noArgs, choose(presence.Paused))
	pause.Flags().DurationVar(&span, "for", time.Hour, "go on after this long")
}

func exactlyOne(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{errors.New("name one status: automatic, available, busy, dnd, brb, away or offline")}
	}
	return nil
}
