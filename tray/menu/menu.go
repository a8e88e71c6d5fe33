// Package menu maps the state to what the tray shows, and row ids to what they
// mean. It holds no state.
package menu

import (
	"strings"

	"heliograph/graph/presence"
	"heliograph/tray"
	"heliograph/tray/words"
)

// Ids of the rows that are no statuses; a status's row id is StatusPrefix and
// its name.
const (
	StatusPrefix = "status:"
	SignIn       = "sign-in"
	SignOut      = "sign-out"
	FreeTheirs   = "free-theirs"
	NotACall     = "not-a-call"
	Settings     = "settings"
	Quit         = "quit"
)

// Facts is all that the menu depends on.
type Facts struct {
	State presence.State
	// Account is who is signed in, for people; empty: nobody.
	Account string
	// SigningIn: a sign-in page is open.
	SigningIn bool
	// Trouble is the sentence of what is wrong; empty: nothing.
	Trouble string
}

// Status returns the status that a row id stands for.
func Status(id string) (presence.Status, bool) {
	name, ok := strings.CutPrefix(id, StatusPrefix)
	if !ok {
		return "", false
	}
	s, err := presence.ParseStatus(name)
	return s, err == nil
}

// View is the tray for these facts.
func View(f Facts) tray.View {
	s := f.State
	head, why := words.Headline(s), words.Reason(s)
	if !s.Theirs.Zero() {
		why = "you chose " + words.Pair(s.Theirs) + " in Teams; heliograph leaves it"
	}
	if f.Trouble != "" {
		why = f.Trouble
	}
	rows := []tray.Row{
		{ID: "state", Label: head, Disabled: true},
		{ID: "why", Label: why, Disabled: true},
		{ID: FreeTheirs, Label: "Clear what I chose in Teams", Hidden: s.Theirs.Zero()},
		{ID: NotACall, Label: "That was not a call", Hidden: !s.Activity.Call.Active()},
		{ID: "line-1", Separator: true},
	}
	for _, k := range presence.Statuses() {
		rows = append(rows, tray.Row{ID: StatusPrefix + string(k), Label: words.Status(k), Checkable: true, Checked: chosen(s) == k})
	}
	account := f.Account
	if account == "" {
		account = "Not signed in"
	}
	rows = append(rows,
		tray.Row{ID: "line-2", Separator: true},
		tray.Row{ID: "account", Label: account, Disabled: true},
		tray.Row{ID: SignIn, Label: signInLabel(f), Disabled: f.SigningIn, Hidden: f.Account != ""},
		tray.Row{ID: SignOut, Label: "Sign out", Hidden: f.Account == ""},
		tray.Row{ID: Settings, Label: "Settings file"},
		tray.Row{ID: "line-3", Separator: true},
		tray.Row{ID: Quit, Label: "Quit"},
	)
	return tray.View{Icon: icon(f), Tooltip: "heliograph: " + head + " – " + why, Rows: rows}
}

func signInLabel(f Facts) string {
	if f.SigningIn {
		return "Signing in…"
	}
	return "Sign in"
}

func chosen(s presence.State) presence.Status {
	if s.Choice.Status == "" {
		return presence.Automatic
	}
	return s.Choice.Status
}

// icon is the state by shape.
func icon(f Facts) tray.Icon {
	switch {
	case f.Account == "":
		return tray.IconSignedOut
	case f.Trouble != "":
		return tray.IconTrouble
	case !f.State.Theirs.Zero():
		return ofPair(f.State.Theirs)
	}
	return ofPair(f.State.Want.Pair())
}

func ofPair(p presence.Pair) tray.Icon {
	switch p.Availability {
	case "Available":
		return tray.IconAvailable
	case "Busy":
		return tray.IconBusy
	case "DoNotDisturb":
		return tray.IconDoNotDisturb
	case "BeRightBack":
		return tray.IconBeRightBack
	case "Away":
		return tray.IconAway
	}
	return tray.IconOffline
}
