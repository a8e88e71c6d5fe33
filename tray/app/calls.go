package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"heliograph/detect"
	"heliograph/tray/control"
)

// calls is what records now, and what the person said of programs.
func (in *instance) calls() control.Calls {
	m := in.settings.Value().Menu
	c := control.Calls{Streams: []control.Stream{}, Allowed: append([]string{}, m.Allowed...), Denied: append([]string{}, m.Denied...)}
	for _, s := range in.watch.Streams() {
		c.Streams = append(c.Streams, toWireStream(s))
	}
	return c
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

// judge carries out VerbJudge. What records now is judged again at once.
func (in *instance) judge(_ context.Context, a control.JudgeArgs, reply func(any) error) error {
	app := strings.TrimSpace(a.App)
	if app == "" || len(app) > maxApp || strings.ContainsFunc(app, unicode.IsControl) {
		return errors.New("name a program as heliograph calls shows it, such as zoom")
	}
	app = in.programID(app)
	switch a.Do {
	case "allow":
		in.settings.Allow(app)
	case "deny":
		in.settings.Deny(app)
	case "forget":
		if !in.settings.Forget(app) {
			return fmt.Errorf("nothing is remembered about %q: see heliograph calls", app)
		}
	default:
		return fmt.Errorf("unknown verdict %q: use allow, deny or forget", a.Do)
	}
	in.log.Info("the user judged a program", "verdict", a.Do, "program", app)
	return reply(in.calls())
}

// programID finds the id that a person means by a program's id or name.
func (in *instance) programID(name string) string {
	for _, s := range in.watch.Streams() {
		if strings.EqualFold(s.Program, name) || strings.EqualFold(s.Name, name) {
			return s.Program
		}
	}
	v := in.settings.Value()
	for _, known := range slices.Concat(v.Menu.Denied, v.Menu.Allowed) {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	return v.Programs().ID(name)
}
