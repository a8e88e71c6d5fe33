package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode"

	"heliograph/detect"
	"heliograph/tray/control"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// calls knows what records now, and what the person says about programs.
type calls struct {
	log      *slog.Logger
	watch    *detect.Watcher
	settings *settings.Owner
	notices  *notices
}

// deny remembers that a program is never in a call. Present recordings are
// judged again at once.
func (c *calls) deny(app, name string) {
	c.log.Info("the user denied a program", "app", app)
	c.settings.Deny(app)
	c.notices.answer("call", words.Say("toast.denied", name), words.Say("toast.denied.body", app))
}

// allowUnlisted remembers that the program which records now and is in no table
// is in a call whenever it records.
func (c *calls) allowUnlisted() {
	for _, s := range c.watch.Streams() {
		if s.Unlisted {
			c.log.Info("the user allowed a program", "app", s.Program)
			c.settings.Allow(s.Program)
			c.notices.answer("call", words.Say("toast.allowed", s.Name), words.Say("toast.denied.body", s.Program))
			return
		}
	}
}

// list returns what records now, with its verdicts.
func (c *calls) list() control.Calls {
	m := c.settings.Value().Menu
	out := control.Calls{Streams: []control.Stream{}, Allowed: append([]string{}, m.Allowed...), Denied: append([]string{}, m.Denied...)}
	for _, s := range c.watch.Streams() {
		out.Streams = append(out.Streams, toWireStream(s))
	}
	return out
}

func toWireStream(s detect.Stream) control.Stream {
	return control.Stream{
		Program:  s.Program,
		Name:     s.Name,
		App:      s.App,
		Class:    string(s.Class),
		PID:      s.PID,
		Source:   s.Source,
		Running:  s.Running,
		Playing:  s.Playing,
		Since:    s.Since,
		Verdict:  s.Verdict,
		Because:  s.Because,
		Unlisted: s.Unlisted,
	}
}

// maxApp bounds the name of a program.
const maxApp = 120

// judge carries out VerbJudge. Present recordings are judged again at once.
func (c *calls) judge(_ context.Context, a control.JudgeArgs, reply func(any) error) error {
	app := strings.TrimSpace(a.App)
	if app == "" || len(app) > maxApp || strings.ContainsFunc(app, unicode.IsControl) {
		return errors.New("name a program as heliograph calls shows it, such as zoom")
	}
	judged := control.Judged{Near: []string{}}
	app, known := c.programID(app)
	if !known {
		judged.Unknown, judged.Near = true, append(judged.Near, c.near(app)...)
	}
	switch a.Do {
	case "allow":
		c.settings.Allow(app)
	case "deny":
		c.settings.Deny(app)
	case "forget":
		if !c.settings.Forget(app) {
			return fmt.Errorf("nothing is remembered about %q: see heliograph calls", app)
		}
	default:
		return fmt.Errorf("unknown verdict %q: use allow, deny or forget", a.Do)
	}
	c.log.Info("the user judged a program", "verdict", a.Do, "program", app)
	judged.Calls = c.list()
	return reply(judged)
}

// programID finds the id that a person means by a program's id or name; known is
// false if it is just the name.
func (c *calls) programID(name string) (id string, known bool) {
	for _, s := range c.watch.Streams() {
		if strings.EqualFold(s.Program, name) || strings.EqualFold(s.Name, name) {
			return s.Program, true
		}
	}
	v := c.settings.Value()
	for _, known := range slices.Concat(v.Menu.Denied, v.Menu.Allowed) {
		if strings.EqualFold(known, name) {
			return known, true
		}
	}
	id, known = v.Programs().ID(name)
	inFile := slices.ContainsFunc(slices.Concat(v.Calls.Deny, v.Calls.Allow), func(said string) bool { return strings.EqualFold(said, id) })
	return id, known || inFile
}

// near lists the programs that may have been meant by a name which programID does
// not know.
func (c *calls) near(name string) []string {
	v := c.settings.Value()
	others := slices.Concat(v.Calls.Deny, v.Calls.Allow)
	for _, s := range c.watch.Streams() {
		others = append(others, s.Program)
	}
	return v.Programs().Near(name, others)
}
