package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/tray"
	"heliograph/tray/control"
	"heliograph/tray/launch"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// restore signs in silently, or says that signing in is needed. In the demo
// the stand-in browser answers at once.
func (in *instance) restore(ctx context.Context) {
	if in.noWay != nil {
		in.log.Warn("nobody can sign in", "error", in.noWay)
		in.tell("sign-in", in.opts.Config.Notifications.SignIn, words.Say("toast.not-set-up"), advise(in.noWay))
		return
	}
	p, err := in.account.Restore(ctx)
	switch {
	case ctx.Err() != nil:
		return
	case err == nil:
		in.signedIn(p)
		return
	case in.opts.OpenURL != nil:
		in.signIn(ctx)
		return
	}
	in.log.Info("not signed in", "reason", err, "advice", graph.Explain(err).String())
	in.setProblem(err)
	in.tellSignIn(ctx, err)
}

// tellSignIn says that only the person can go on, with a button to do so.
func (in *instance) tellSignIn(ctx context.Context, err error) {
	if !in.opts.Config.Notifications.SignIn {
		return
	}
	in.toaster.Show(tray.Toast{Class: "sign-in", Title: words.Say("toast.sign-in"), Body: advise(err),
		Actions: []tray.Action{{ID: "sign-in", Label: words.Say("toast.sign-in.button"), Do: func() { in.wait.Go(func() { in.signIn(ctx) }) }}}})
}

func (in *instance) tell(class string, on bool, title, body string) {
	if on {
		in.toaster.Show(tray.Toast{Class: class, Title: title, Body: body})
	}
}

func (in *instance) signedIn(p graph.Person) {
	if in.opts.Config.Account.SignIn == "application" {
		// Whether Microsoft accepts its credential shows with the first request.
		in.log.Info("the application acts for a user", "tenant", p.Tenant)
	} else {
		in.log.Info("signed in", "tenant", p.Tenant)
	}
	in.setProblem(nil)
	if err := in.account.Kept(); err != nil {
		in.log.Warn("the sign-in is not kept over a restart", "error", err, "advice", graph.Explain(err).String())
		in.setProblem(err)
	}
	in.loop.SetService(in.account.Client())
}

func (in *instance) setProblem(err error) {
	in.mu.Lock()
	in.problem = err
	in.mu.Unlock()
	in.poke()
}

// signIn asks the person, once at a time.
func (in *instance) signIn(ctx context.Context) {
	in.mu.Lock()
	busy := in.signingIn || in.account == nil
	in.signingIn = !busy || in.signingIn
	in.mu.Unlock()
	if busy {
		return
	}
	in.poke()
	page := in.opts.OpenURL
	if page == nil {
		page = launch.URL
	}
	p, err := in.account.SignIn(ctx, graph.Prompt{OpenURL: page})
	in.mu.Lock()
	in.signingIn = false
	in.mu.Unlock()
	if err != nil {
		in.setProblem(err)
		if ctx.Err() == nil {
			in.log.Warn("sign-in failed", "error", err)
			in.tellSignIn(ctx, err)
		}
		return
	}
	in.signedIn(p)
}

// signOut gives back what is held, then forgets the person.
func (in *instance) signOut(ctx context.Context) error {
	if in.account == nil {
		return in.noWay
	}
	if err := in.loop.Release(ctx); err != nil {
		return err
	}
	err := in.account.SignOut(ctx)
	in.setProblem(err)
	in.log.Info("signed out")
	return err
}

// accountConfig reads the account's part of the settings.
func accountConfig(c settings.Config, log *slog.Logger) graph.Config {
	a := c.Account
	g := graph.Config{ClientID: a.ClientID, Tenant: a.Tenant, Cloud: string(a.Cloud), API: string(a.API), Emulator: a.Emulator, Log: log}
	if a.SignIn == "application" {
		g.Application = &graph.Application{User: a.User, SecretFile: a.SecretFile, CertificateFile: a.CertificateFile}
	}
	return g
}

// called is what a person is called in the menu; an application that acts for
// one knows only their object id.
func called(p graph.Person) string {
	if p.Username != "" {
		return p.Username
	}
	return p.ID
}

// open is an account as the command line needs it.
func open(c settings.Config, log *slog.Logger) (*graph.Account, error) {
	return graph.Open(accountConfig(c, log), graph.KeyringVault{Ask: true})
}

// SignIn is heliograph login: it signs in here, and tells a running instance.
func SignIn(ctx context.Context, c settings.Config, log *slog.Logger, device bool, out io.Writer) (graph.Person, error) {
	a, err := open(c, log)
	if err != nil {
		return graph.Person{}, err
	}
	p := graph.Prompt{OpenURL: launch.URL}
	if device {
		p.Device = func(d graph.DeviceCode) {
			fmt.Fprintln(out, words.Say("login.device", d.URL, d.Code, words.Clock(d.Expires, time.Now())))
		}
	} else {
		fmt.Fprintln(out, words.Say("login.browser"))
	}
	who, err := a.SignIn(ctx, p)
	if err != nil {
		return graph.Person{}, err
	}
	if err := a.Kept(); err != nil {
		return graph.Person{}, fmt.Errorf("signed in, but the keyring does not keep it: %w", err)
	}
	if dir, err := control.Dir(); err == nil {
		if err := control.Call(ctx, dir, "signed-in", nil, nil); err != nil && !errors.Is(err, control.ErrNotRunning) {
			return who, fmt.Errorf("the running heliograph did not take the sign-in over: %w", err)
		}
	}
	return who, nil
}

// SignOut is heliograph logout: by the running instance if there is one.
func SignOut(ctx context.Context, c settings.Config, log *slog.Logger) error {
	dir, err := control.Dir()
	if err != nil {
		return err
	}
	if err := control.Call(ctx, dir, "sign-out", nil, nil); !errors.Is(err, control.ErrNotRunning) {
		return err
	}
	a, err := open(c, log)
	if err != nil {
		return err
	}
	// A session that a crash left would outlive the sign-out for minutes.
	if _, err := a.Restore(ctx); err == nil {
		if err := a.Client().ClearPresence(ctx); err != nil && !errors.Is(err, presence.ErrSignIn) {
			log.Warn("presence was not cleared; it expires by itself", "error", err)
		}
	}
	return a.SignOut(ctx)
}
