package app

import (
	"context"
	"errors"

	"heliograph/graph"
	"heliograph/tray"
	"heliograph/tray/account"
	"heliograph/tray/launch"
	"heliograph/tray/words"
)

// openURL shows a web page; the demo's stand-in for a browser comes first.
func (in *instance) openURL() func(string) error {
	if in.opts.OpenURL != nil {
		return in.opts.OpenURL
	}
	return launch.URL
}

// newAccount opens the account that the settings name.
func (in *instance) newAccount(ctx context.Context) *account.Account {
	return account.New(account.Options{Log: in.log, Vault: in.opts.Vault, Loop: in.loop, Transport: in.opts.Transport,
		OpenURL: in.openURL(), SignInAtStart: in.opts.Demo, Changed: in.poke,
		Failed: func(err error, asked bool) { in.needSignIn(ctx, err, asked) }}, in.settings.Value().Config)
}

// needSignIn says that only the person can go on, with a button to do so. asked
// reports that the person has just asked to sign in.
func (in *instance) needSignIn(ctx context.Context, err error, asked bool) {
	if !in.settings.Value().Notifications.SignIn {
		return
	}
	title := "toast.sign-in"
	switch {
	case errors.Is(err, graph.ErrNoClientID):
		title = "toast.not-set-up"
	case asked:
		title = "toast.sign-in.failed"
	}
	toast := tray.Toast{Class: "sign-in", Title: words.Say(title), Body: advise(err), Link: graph.Explain(err).Link, Always: asked,
		Actions: []tray.Action{{ID: "sign-in", Label: words.Say("toast.sign-in.button"), Do: func() { in.parts.Go("sign-in", func() { in.account.SignIn(ctx) }) }}}}
	if toast.Link != "" {
		toast.Actions = append(toast.Actions, tray.Action{ID: "link", Label: words.Say("toast.link.button"), Do: func() { in.openPage(toast.Link) }})
	}
	in.toaster.Show(toast)
}

// openPage shows a web page in the person's browser.
func (in *instance) openPage(url string) {
	if err := in.openURL()(url); err != nil {
		in.log.Warn("a page could not be opened", "error", err)
	}
}

// tell answers a click with a toast, unless its class is switched off.
func (in *instance) tell(class string, on bool, title, body string) {
	if on {
		in.toaster.Show(tray.Toast{Class: class, Title: title, Body: body, Always: true})
	}
}

// signInOrOut carries out a click on the one row for both.
func (in *instance) signInOrOut(ctx context.Context) {
	if !in.loop.State().SignedIn {
		in.account.SignIn(ctx)
		return
	}
	if err := in.account.SignOut(ctx); err != nil {
		in.log.Warn("signing out failed", "error", err)
	}
}

// takeOver restores a sign-in that the command line has made.
func (in *instance) takeOver(ctx context.Context, reply func(any) error) error {
	if err := in.account.TakeOver(ctx); err != nil {
		return errors.New(advise(err))
	}
	return reply(nil)
}
