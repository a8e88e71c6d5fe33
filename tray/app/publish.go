package app

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/tray/control"
	"heliograph/tray/menu"
	"heliograph/tray/outlets"
	"heliograph/tray/settings"
	"heliograph/tray/timeline"
)

// outletsTimeout bounds what the outlets may still deliver when heliograph
// quits. Stopping one that has not finished takes half a second more.
const outletsTimeout = 750 * time.Millisecond

// ruleStopped is the rule in the timeline and on the wire of the time in which
// heliograph did not run.
const ruleStopped = "stopped"

// The rules in the timeline of what heliograph does not set: a choice made in
// Teams, and what else Teams, the calendar or another computer sets.
const (
	ruleTheirs = "theirs"
	ruleOther  = "other"
)

// publisher passes each state to everything that follows it: the command line,
// the timeline and other programs.
type publisher struct {
	log      *slog.Logger
	timeline *timeline.Log
	outlets  *outletSet
	changes  changes
}

// newPublisher opens the timeline and prepares the outlets, which the settings
// open.
func newPublisher(in *instance) *publisher {
	path := ""
	if !in.opts.Demo && in.memory.path != "" {
		path = filepath.Join(filepath.Dir(in.memory.path), "timeline.jsonl")
	}
	return &publisher{log: in.log, timeline: timeline.Open(path, in.log), outlets: newOutletSet(in.outletOptions)}
}

// publish passes on the present state. Only one goroutine at a time may call it.
func (p *publisher) publish(f menu.Facts) {
	wire := toWire(f, time.Now())
	p.changes.publish(wire)
	s := f.State
	if !s.Observed {
		return
	}
	if e, ok := entryOf(s); ok {
		p.timeline.Add(e)
	}
	p.outlets.Publish(wire)
}

// entryOf returns what the timeline records of a state: what colleagues see, and
// why. It reports false while that is not known.
func entryOf(s presence.State) (timeline.Entry, bool) {
	pair, at, r := s.Shown.Pair, s.ShownAt, s.Want.Reason
	switch {
	case r.Rule == ruleStopped:
		pair, at = presence.Offline, s.Since
	case !s.SignedIn || !s.Confirmed:
		return timeline.Entry{}, false
	case !s.Theirs.Zero():
		r = presence.Reason{Rule: ruleTheirs}
	case !s.Want.Session.Zero() && !s.AsWanted():
		r = presence.Reason{Rule: ruleOther}
	}
	return timeline.Entry{At: at, Availability: pair.Availability, Activity: pair.Activity, Rule: string(r.Rule), App: r.App}, true
}

// close publishes that heliograph stops, then closes timeline and outlets.
func (p *publisher) close(f menu.Facts) {
	f.State.Since, f.State.Want = time.Now().Round(0), presence.Want{Reason: presence.Reason{Rule: ruleStopped}}
	f.State.Observed = true // that heliograph stops is known, even before the first activity
	p.publish(f)
	if err := p.timeline.Close(); err != nil {
		p.log.Warn("the timeline was not closed", "error", err)
	}
	p.outlets.Close()
}

// outletOptions reads the outlets' sections of the settings. In the demo nothing
// leaves the process.
func (in *instance) outletOptions(c settings.Config) outlets.Options {
	if in.opts.Demo {
		return outlets.Options{Log: in.log}
	}
	o := outlets.Options{
		Log:     in.log,
		Bus:     c.DBus.Enabled,
		Hook:    outlets.Hook{Command: c.Hooks.OnChange, Timeout: time.Duration(c.Hooks.Timeout)},
		Webhook: outlets.Webhook{URL: c.Webhook.URL, Account: c.Webhook.Account, Secret: in.secret(outlets.SecretWebhook)},
		MQTT: outlets.MQTT{
			Broker:    c.MQTT.Broker,
			Username:  c.MQTT.Username,
			Password:  in.secret(outlets.SecretMQTT),
			CAFile:    c.MQTT.CAFile,
			Name:      c.MQTT.Name,
			Discovery: c.MQTT.Discovery,
			Account:   c.MQTT.Account,
		},
	}
	if c.MQTT.AllowCommands {
		for _, s := range append(presence.Statuses(), presence.Paused) {
			o.MQTT.Statuses = append(o.MQTT.Statuses, string(s))
		}
		o.MQTT.Command = func(status string) { in.loop.Choose(commandChoice(status, time.Now())) }
	}
	return o
}

// commandChoice returns the choice for a status that came over MQTT, which has
// no way to name an end: a pause ends as one from the menu does, the others
// hold until the next choice.
func commandChoice(status string, now time.Time) presence.Choice {
	c := presence.Choice{Status: presence.Status(status)}
	if c.Status == presence.Paused {
		c.Until = now.Add(control.DefaultPause).Round(0)
	}
	return c
}

// secret reads a secret of the outlets from the keyring; one that was never set
// is empty.
func (in *instance) secret(name string) func(context.Context) ([]byte, error) {
	item, _ := outlets.SecretItem(name)
	vault := in.opts.Vault.Silent() // which does not ask the person to unlock it
	return func(ctx context.Context) ([]byte, error) {
		b, err := vault.Get(ctx, item)
		if errors.Is(err, graph.ErrNoItem) {
			return nil, nil
		}
		return b, err
	}
}
