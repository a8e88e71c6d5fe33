// Package menu renders the state as the view of the tray, and says what the ids
// of rows mean. It holds no state. Rows are made once, in a fixed order: one
// that has nothing to do is greyed and says why.
package menu

import (
	"strings"
	"time"

	"heliograph/graph/presence"
	"heliograph/tray"
	"heliograph/tray/words"
)

// Ids of rows. The id of a status is StatusPrefix and its name, that of a
// duration ForPrefix and its name, that of a rule RulePrefix and its name.
const (
	StatusPrefix = "status:"
	ForPrefix    = "for:"
	RulePrefix   = "rule:"
	Pause        = "pause"
	Sign         = "sign" // signs in or out, or opens the sign-in page again
	CancelSignIn = "cancel-sign-in"
	FreeTheirs   = "free-theirs"
	NotACall     = "not-a-call"
	IsACall      = "is-a-call"
	Autostart    = "autostart"
	Settings     = "settings"
	Log          = "log"
	About        = "about"
	Quit         = "quit"
)

// Facts is all that the menu depends on.
type Facts struct {
	State presence.State
	// Now and Hours decide which durations can be chosen.
	Now   time.Time
	Hours presence.Hours
	// Account is who is signed in, for people; empty: nobody. Application
	// reports that the application itself has signed in, for that user.
	Account     string
	Application bool
	// SigningIn reports that a sign-in page waits for the person.
	SigningIn bool
	// Trouble is the sentence of what is wrong; empty: nothing. CommandTrouble
	// is the same for somebody who has commands instead of the menu.
	Trouble, CommandTrouble string
	// Rules are the switches of Automatic, in menu order.
	Rules []Rule
	// Autostart reports whether heliograph starts at login, NoAutostart that
	// this is not possible here.
	Autostart, NoAutostart bool
}

// Rule is a switch of Automatic. Greyed reports that it would change nothing.
type Rule struct {
	ID, Label string
	On        bool
	Greyed    bool
}

// Status returns the status of a row id.
func Status(id string) (presence.Status, bool) {
	name, ok := strings.CutPrefix(id, StatusPrefix)
	if !ok {
		return "", false
	}
	s, err := presence.ParseStatus(name)
	return s, err == nil
}

// View renders the facts.
func View(f Facts) tray.View {
	s := f.State
	head, why := words.Headline(s), words.Why(s)
	if f.Trouble != "" {
		why = f.Trouble
	}
	rows := []tray.Row{
		{ID: "state", Label: head, Disabled: true},
		{ID: "why", Label: words.Sentence(why), Disabled: true},
		{ID: "line-state", Separator: true},
	}
	for _, k := range presence.Statuses() {
		rows = append(rows, tray.Row{ID: StatusPrefix + string(k), Label: words.Status(k), Checkable: true, Checked: chosen(s) == k})
	}
	rows = append(rows,
		durations(f),
		tray.Row{ID: Pause, Label: words.Say("menu.pause"), Checkable: true, Checked: chosen(s) == presence.Paused},
		tray.Row{ID: "line-choice", Separator: true},
		free(s), notACall(s), isACall(s), rules(f),
		tray.Row{ID: "line-calls", Separator: true},
		account(f), sign(f), cancelSignIn(f), autostart(f),
		tray.Row{ID: Settings, Label: words.Say("menu.settings")},
		tray.Row{ID: Log, Label: words.Say("menu.log")},
		tray.Row{ID: About, Label: words.Say("menu.about")},
		tray.Row{ID: "line-quit", Separator: true},
		tray.Row{ID: Quit, Label: words.Say("menu.quit")},
	)
	return tray.View{Icon: icon(f), Tooltip: words.Say("menu.tooltip", head, why), Rows: rows}
}

func free(s presence.State) tray.Row {
	if s.Theirs.Zero() {
		return tray.Row{ID: FreeTheirs, Label: words.Say("menu.free.none"), Disabled: true}
	}
	return tray.Row{ID: FreeTheirs, Label: words.Say("menu.free", words.Pair(s.Theirs))}
}

func notACall(s presence.State) tray.Row {
	if !s.Activity.Call.Active() {
		return tray.Row{ID: NotACall, Label: words.Say("menu.not-a-call.none"), Disabled: true}
	}
	return tray.Row{ID: NotACall, Label: words.Say("menu.not-a-call", s.Activity.Call.Name)}
}

func isACall(s presence.State) tray.Row {
	if s.Activity.Unlisted == "" {
		return tray.Row{ID: IsACall, Label: words.Say("menu.is-a-call.none"), Disabled: true}
	}
	return tray.Row{ID: IsACall, Label: words.Say("menu.is-a-call", s.Activity.Unlisted)}
}

func rules(f Facts) tray.Row {
	top := tray.Row{ID: "rules", Label: words.Say("menu.rules")}
	for _, r := range f.Rules {
		top.Rows = append(top.Rows, tray.Row{ID: RulePrefix + r.ID, Label: r.Label, Checkable: true, Checked: r.On, Disabled: r.Greyed})
	}
	return top
}

func account(f Facts) tray.Row {
	if f.Account == "" {
		return tray.Row{ID: "account", Label: words.Say("menu.account.none"), Disabled: true}
	}
	label := f.Account
	if f.Application {
		label = words.Say("menu.account.application", label)
	}
	return tray.Row{ID: "account", Label: label, Disabled: true}
}

func sign(f Facts) tray.Row {
	switch {
	case f.SigningIn:
		return tray.Row{ID: Sign, Label: words.Say("menu.signing-in")}
	case f.Account != "":
		return tray.Row{ID: Sign, Label: words.Say("menu.sign-out")}
	}
	return tray.Row{ID: Sign, Label: words.Say("menu.sign-in")}
}

func cancelSignIn(f Facts) tray.Row {
	return tray.Row{ID: CancelSignIn, Label: words.Say("menu.cancel-sign-in"), Hidden: !f.SigningIn}
}

func autostart(f Facts) tray.Row {
	if f.NoAutostart {
		return tray.Row{ID: Autostart, Label: words.Say("menu.autostart.none"), Checkable: true, Disabled: true}
	}
	return tray.Row{ID: Autostart, Label: words.Say("menu.autostart"), Checkable: true, Checked: f.Autostart}
}

func chosen(s presence.State) presence.Status {
	if s.Choice.Status == "" {
		return presence.Automatic
	}
	return s.Choice.Status
}

// icon chooses the picture.
func icon(f Facts) tray.Icon {
	switch {
	case f.Account == "":
		return tray.IconSignedOut
	case f.Trouble != "":
		return tray.IconTrouble
	case !f.State.Theirs.Zero():
		return iconOf(f.State.Theirs)
	case f.State.ShownAt.IsZero(): // what was set can be known, although it cannot be read
		if f.State.Sent.Zero() {
			return tray.IconOffline
		}
		return iconOf(f.State.Want.Pair())
	}
	return iconOf(f.State.Shown.Pair)
}

func iconOf(p presence.Pair) tray.Icon {
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
