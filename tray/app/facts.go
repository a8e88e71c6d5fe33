package app

import (
	"time"

	"heliograph/detect"
	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/graph/zone"
	"heliograph/tray/account"
	"heliograph/tray/autostart"
	"heliograph/tray/menu"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// facts gathers what the menu and the state on the wire depend on.
type facts struct {
	loop     *presence.Loop
	watch    *detect.Watcher
	account  *account.Account
	settings *settings.Owner
	demo     bool
}

// now returns the facts of this moment.
func (s *facts) now() menu.Facts {
	who, v := s.account.State(), s.settings.Value()
	f := menu.Facts{State: s.loop.State(), Now: time.Now().In(zone.Local()), SigningIn: who.SigningIn,
		Rules: rules(v, s.watch.SeesAwake()), Hours: v.File.Automatic.Hours()}
	var err error
	if f.Autostart, err = autostart.State(); err != nil || s.demo {
		f.NoAutostart = true // a demo does not start at login
	}
	if f.State.SignedIn {
		f.Account, f.Application = who.Person.Label(), who.Person.Application
	}
	switch {
	case f.State.Err != nil:
		f.Trouble, f.CommandTrouble = advise(f.State.Err), adviseCommand(f.State.Err)
	case v.Problem != nil:
		f.Trouble = wrongSettings(v.Problem)
		f.CommandTrouble = f.Trouble
	case who.Problem != nil:
		f.Trouble, f.CommandTrouble = advise(who.Problem), adviseCommand(who.Problem)
	}
	return f
}

// advise says in the person's language what an error means for them.
func advise(err error) string {
	a := graph.Explain(err)
	return words.Advice(a.Key, a.Args...)
}

// adviseCommand does what advise does, for somebody at the command line, and
// adds the page that solves the problem.
func adviseCommand(err error) string {
	a := graph.Explain(err)
	text := words.CommandAdvice(a.Key, a.Args...)
	if a.Link != "" {
		text += " " + a.Link
	}
	return text
}

// wrongSettings says in short that the settings file is wrong.
func wrongSettings(p *settings.Problem) string {
	if p.Line == 0 {
		return words.Say("trouble.settings")
	}
	return words.Say("trouble.settings.line", p.Line)
}
