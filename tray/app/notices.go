package app

import (
	"errors"
	"log/slog"

	"heliograph/assets"
	"heliograph/detect"
	"heliograph/graph"
	"heliograph/tray"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// notices shows toasts in the person's language, except those of a class that
// is switched off. Its methods may be called from any goroutine and never wait
// for the desktop.
type notices struct {
	log      *slog.Logger
	toaster  *tray.Toaster
	settings *settings.Owner
	memory   *memory
	openURL  func(string) error
	// openSettings shows the settings file.
	openSettings func()
}

func newNotices(in *instance) *notices {
	return &notices{log: in.log, settings: in.settings, memory: in.memory, openURL: in.opts.OpenURL,
		toaster: tray.NewToaster(in.log, "heliograph", assets.PNG("app", 64, false))}
}

// close ends the delivery.
func (n *notices) close() { n.toaster.Close() }

// answer shows the answer to a click or a command.
func (n *notices) answer(class, title, body string) {
	n.toaster.Show(tray.Toast{Class: class, Title: title, Body: body, Always: true})
}

// running says that heliograph runs already, and what it does.
func (n *notices) running(state string) {
	n.toaster.Show(tray.Toast{Class: "show", Title: words.Say("toast.running"), Body: state})
}

// signIn says that only the person can go on, with a button to do so. asked
// reports that the person has just asked to sign in.
func (n *notices) signIn(err error, asked bool, signIn func()) {
	v := n.settings.Value()
	unset := errors.Is(err, graph.ErrNoClientID)
	if !asked && (!v.Notifications.SignIn || unset && v.Problem != nil) {
		return // the file that is wrong may well have the id, and is reported itself
	}
	if unset && v.Problem != nil {
		n.wrongSettings(v)
		return
	}
	title := "toast.sign-in"
	switch {
	case unset:
		title = "toast.not-set-up"
	case asked:
		title = "toast.sign-in.failed"
	}
	toast := tray.Toast{Class: "sign-in", Title: words.Say(title), Body: advise(err), Link: graph.Explain(err).Link, Always: true,
		Actions: []tray.Action{{ID: "sign-in", Label: words.Say("toast.sign-in.button"), Do: signIn}}}
	if toast.Link != "" {
		toast.Actions = append(toast.Actions, tray.Action{ID: "link", Label: words.Say("toast.link.button"), Do: func() { n.openPage(toast.Link) }})
	}
	n.toaster.Show(toast)
}

// openPage shows a web page in the person's browser.
func (n *notices) openPage(url string) {
	if err := n.openURL(url); err != nil {
		n.log.Warn("a page could not be opened", "error", err)
	}
}

// trouble says that presence cannot be set, or that it can again.
func (n *notices) trouble(title, body string) {
	if n.settings.Value().Notifications.Trouble {
		n.toaster.Show(tray.Toast{Class: "trouble", Title: words.Say(title), Body: body, Always: true})
	}
}

// call says, once for each program, that it was taken for a call, with a button to
// deny it.
func (n *notices) call(c detect.Call, deny func()) {
	v := n.settings.Value()
	if !c.Active() || c.Teams || !v.Automatic.BusyInCall || !v.Notifications.Call || !n.memory.firstTime("call:"+c.App) {
		return
	}
	n.toaster.Show(tray.Toast{Class: "call", Title: words.InCall(c.Name), Body: words.Say("toast.call.body"),
		Actions: []tray.Action{{ID: "not-a-call", Label: words.Say("toast.call.deny"), Do: deny}}})
}

// noTrayHost says, once, that the desktop shows no icons.
func (n *notices) noTrayHost() {
	if n.settings.Value().Notifications.Tray && n.memory.firstTime("no-host") {
		n.toaster.Show(tray.Toast{Class: "tray", Title: words.Say("toast.no-host"), Body: words.Say("toast.no-host.body")})
	}
}

// wrongSettings says what is wrong with the settings file, with a button to
// correct it.
func (n *notices) wrongSettings(v settings.Value) {
	n.toaster.Show(tray.Toast{Class: "settings", Always: true, Title: words.Say("toast.settings-wrong"), Body: words.Say("toast.settings-wrong."+v.Fallback(), v.Problem.Where()),
		Actions: []tray.Action{{ID: "open-settings", Label: words.Say("toast.settings-wrong.button"), Do: n.openSettings}}})
}
