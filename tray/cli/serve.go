package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"heliograph/graph"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
	"heliograph/tray/app"
	"heliograph/tray/console"
	"heliograph/tray/control"
	"heliograph/tray/folders"
	"heliograph/tray/logbook"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// Tray carries out `run`: it runs heliograph in the tray until it is quit. A
// second one has the first show itself. What is missing around it, such as a
// home folder or a folder for the log, is said and costs no more than itself.
func (a *App) Tray(ctx context.Context, _ []string) error {
	path, err := a.path()
	if errors.Is(err, settings.ErrNoFolder) {
		a.warn("the default settings are used: %v", err)
	} else if err != nil {
		return err
	}
	book, file := a.openLog()
	defer book.Close()
	if err := book.Problem(); err != nil {
		a.warn("there is no log file: %v", err)
	}
	level := new(slog.LevelVar) // the settings may lower it, once they are read
	log := slog.New(book.Handler(level))
	if a.Config == "" && path != "" {
		if err := settings.EnsureFile(path); err != nil {
			log.Warn("the settings file could not be made", "error", err)
		}
	}
	dir, err := folders.Runtime()
	if err != nil {
		return err
	}
	owner := openSettingsAt(path, log)
	level.Set(owner.Value().Log.Level.Slog())
	return a.runOrShow(ctx, app.Options{Settings: owner, Log: log, Level: level, Logbook: book, LogPath: file, Version: Version(),
		Vault: graph.KeyringVault{Ask: true}, Dir: dir, Tray: true, Started: console.Detach})
}

// warn tells the person something that does not keep heliograph from running.
func (a *App) warn(format string, args ...any) {
	fmt.Fprintf(a.Err, "heliograph: "+format+"\n", args...)
}

// An instance that quits holds the socket for up to five seconds without
// answering; one that starts does so for some milliseconds.
const (
	socketPatience = 6 * time.Second
	socketPause    = 100 * time.Millisecond
)

// runOrShow runs an instance. Where one runs already, that one shows itself; one
// that quits is waited for.
func (a *App) runOrShow(ctx context.Context, o app.Options) error {
	for end := time.Now().Add(socketPatience); ; {
		err := app.Run(ctx, o)
		if !errors.Is(err, control.ErrRunning) {
			return err
		}
		err = a.ask(ctx, control.VerbShow, nil, nil)
		if err == nil || errors.Is(err, control.ErrNoAnswer) || time.Now().After(end) {
			return err
		}
		select {
		case <-time.After(socketPause):
		case <-ctx.Done():
			return nil
		}
	}
}

// openLog opens the log of the running instance. A terminal shows it too, unless
// it is a shell's that has not waited for us; what a desktop starts has none, and
// needs no second copy in the session's own log.
func (a *App) openLog() (*logbook.Book, string) {
	file, err := logbook.Path()
	if err != nil {
		file = "" // the book says so
	}
	var also io.Writer
	if isTerminal(a.Err) && !console.Attached() {
		also = a.Err
	}
	return logbook.Open(file, also), file
}

// Demo carries out `demo`: it runs the same instance on an emulator in this
// process.
type Demo struct {
	*App
	For time.Duration
}

// Flags adds the command's flags.
func (d *Demo) Flags(f *pflag.FlagSet) {
	f.DurationVar(&d.For, "for", 0, "end after `SPAN` (default: at Ctrl-C)")
}

// Run runs the demo until ctx ends or its time is over.
func (d *Demo) Run(ctx context.Context, _ []string) error {
	path, err := d.path()
	if err != nil {
		return err
	}
	if d.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.For)
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
	page := newPrinter(d.Out)
	page.Line(words.Say("print.page", "http://"+ln.Addr().String()+"/"))
	err = runDemo(ctx, s, page, path, dir)
	shown := s.User("self").Shown
	page.Line(words.Say("print.farewell", words.Pair(presence.Pair{Availability: shown.Availability, Activity: shown.Activity})))
	stop()
	return errors.Join(err, <-served)
}

// runDemo runs an instance that keeps everything in dir, its log too. The settings
// are the person's own, but for the account.
func runDemo(ctx context.Context, s *emu.Server, page *printer, path, dir string) error {
	owner := settings.Open(settings.Options{Path: path, State: dir, CallMessage: callMessage, Adjust: func(c *settings.Config) {
		c.Account = settings.Account{ClientID: emu.AppID, Tenant: emu.TenantID, Cloud: "global", API: "v1.0", SignIn: "person"}
	}})
	words.Use(string(owner.Value().General.Language))
	file := filepath.Join(dir, "heliograph.log")
	book := logbook.Open(file, nil)
	defer book.Close()
	level := new(slog.LevelVar)
	level.Set(owner.Value().Log.Level.Slog())
	log := slog.New(book.Handler(level))
	return app.Run(ctx, app.Options{Settings: owner, Log: log, Level: level, Logbook: book, LogPath: file, Version: Version(), Vault: &graph.MemoryVault{},
		Dir: dir, Tray: true, Demo: true, Reporter: page, Transport: s.Transport(), OpenURL: walk(s.Transport())})
}

// walk signs the emulator's first person in. Like a browser it does not make
// the caller wait.
func walk(rt http.RoundTripper) func(string) error {
	browse := emu.Browser(rt, "self")
	return func(page string) error {
		go func() { _ = browse(page) }() // a failure ends as a sign-in nobody answered
		return nil
	}
}

// Emulate carries out `emulate`: it serves the emulated Microsoft alone.
type Emulate struct {
	*App
	Listen, Profile string
	JSON, Anywhere  bool
}

// Flags adds the command's flags.
func (e *Emulate) Flags(f *pflag.FlagSet) {
	f.StringVar(&e.Listen, "listen", "127.0.0.1:8089", "listen on `ADDRESS`; port 0 picks a free one")
	f.StringVar(&e.Profile, "profile", "v1.0", "`VERSION` of the contract: v1.0 or beta-2021")
	f.BoolVar(&e.JSON, "json", false, "print the URLs as JSON on the first line")
	f.BoolVar(&e.Anywhere, "anywhere", false, "allow an address that others can reach")
}

// Run serves until ctx ends.
func (e *Emulate) Run(ctx context.Context, _ []string) error {
	profile, err := emu.ParseProfile(e.Profile)
	if err != nil {
		return UsageError{err}
	}
	ln, err := emu.Listen(e.Listen, e.Anywhere)
	if err != nil {
		return err
	}
	url := "http://" + ln.Addr().String()
	if e.JSON {
		err = e.json(map[string]string{"url": url, "graph": url + "/v1.0", "beta": url + "/beta", "board": url + "/", "control": url + "/_emulator",
			"authority": url + "/" + emu.TenantID, "tenant": emu.TenantID, "clientId": emu.AppID, "profile": string(profile)}, true)
	} else {
		err = e.line("Emulating Microsoft Entra and Graph presence (%s) on %s\nBoard:   %s/\nControl: %s/_emulator/state", profile, url, url, url)
	}
	if err == nil && e.Anywhere {
		_, err = fmt.Fprintln(e.Err, "Everybody who reaches this address controls the emulator.")
	}
	if err != nil {
		return err
	}
	return emu.New(emu.Options{Profile: profile}).Serve(ctx, ln)
}
