package app

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/tray/menu"
	"heliograph/tray/outlets"
	"heliograph/tray/timeline"
	"heliograph/tray/words"
)

// goodbye bounds what the outlets may still deliver when heliograph quits.
const goodbye = time.Second

// RuleStopped marks in the timeline that heliograph was quit.
const RuleStopped = "stopped"

// openOutlets begins to remember the day and to tell other programs. In the
// demo nothing leaves the process.
func (in *instance) openOutlets() {
	path, o := "", outlets.Options{Log: in.log}
	if !in.opts.Demo {
		if in.memory.path != "" {
			path = filepath.Join(filepath.Dir(in.memory.path), "timeline.jsonl")
		}
		o = in.shareOptions()
	}
	in.timeline = timeline.Open(path, in.log)
	in.hub = outlets.New(o)
}

// closeOutlets tells the last state and says goodbye.
func (in *instance) closeOutlets() {
	f := in.facts()
	f.State.Since, f.State.Want = time.Now().Round(0), presence.Want{Reason: presence.Reason{Rule: RuleStopped}}
	f.State.Observed = true // that heliograph stops is known, even before the first activity
	in.announce(f)
	if err := in.timeline.Close(); err != nil {
		in.log.Warn("the timeline was not closed", "error", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	in.hub.Close(ctx)
}

// announce hands the present state to all that follow it: the command line,
// the timeline, other programs.
func (in *instance) announce(f menu.Facts) {
	s := f.State
	in.news.publish(statusOf(f))
	if !s.Observed {
		return
	}
	p, r := s.Want.Pair(), s.Want.Reason
	in.timeline.Add(timeline.Entry{At: s.Since, Availability: p.Availability, Activity: p.Activity, Rule: string(r.Rule), App: r.App})
	in.hub.Publish(shareState(s, f.Account, f.Trouble))
}

func shareState(s presence.State, account, trouble string) outlets.State {
	c := s.Choice.At(time.Now())
	out := outlets.State{
		Choice: outlets.Choice{Status: string(c.Status), Since: c.Since, Until: c.Until},
		Wanted: outlets.Pair(s.Want.Pair()), Since: s.Since, Until: s.Want.Until, Theirs: outlets.Pair(s.Theirs), Account: account, Error: trouble,
		Reason: outlets.Reason{Rule: string(s.Want.Reason.Rule), Text: words.Reason(s), App: s.Want.Reason.App},
		Activity: outlets.Activity{LastInput: s.Activity.LastInput, Idle: s.Want.Reason.Rule == presence.RuleIdle, Locked: s.Activity.Locked,
			InCall: s.Activity.Call.Active(), Call: s.Activity.Call.Name},
	}
	if !s.Sent.Zero() {
		out.Sent = &outlets.Sent{Pair: outlets.Pair(s.Sent.Pair), At: s.Sent.At, Expires: s.Sent.Expires}
	}
	if !s.ShownAt.IsZero() {
		out.Shown = &outlets.Shown{Pair: outlets.Pair(s.Shown.Pair), SequenceNumber: s.Shown.Sequence, At: s.ShownAt}
	}
	return out
}

// shareOptions reads the outlets out of the settings.
func (in *instance) shareOptions() outlets.Options {
	c := in.opts.Config
	o := outlets.Options{Log: in.log, Bus: c.DBus.Enabled,
		Hook:    outlets.Hook{Command: c.Hooks.OnChange, Timeout: time.Duration(c.Hooks.Timeout)},
		Webhook: outlets.Webhook{URL: c.Webhook.URL, Account: c.Webhook.Account, Secret: in.secret(SecretWebhook)},
		MQTT: outlets.MQTT{Broker: c.MQTT.Broker, Username: c.MQTT.Username, CAFile: c.MQTT.CAFile, Name: c.MQTT.Name, Discovery: c.MQTT.Discovery,
			Account: c.MQTT.Account, Password: in.secret(SecretMQTT)},
	}
	if c.MQTT.AllowCommands {
		for _, s := range presence.Statuses() {
			o.MQTT.Commands = append(o.MQTT.Commands, string(s))
		}
		o.MQTT.Command = func(name string) {
			if s, err := presence.ParseStatus(name); err == nil {
				in.loop.Choose(presence.Choice{Status: s})
			}
		}
	}
	return o
}

// Secrets of the outlets, by the names that a person uses for them.
const (
	SecretWebhook = "webhook"
	SecretMQTT    = "mqtt"
)

// SecretItem is the keyring item of a secret; false: there is no such secret.
func SecretItem(name string) (string, bool) {
	switch name {
	case SecretWebhook, SecretMQTT:
		return "secret." + name, true
	}
	return "", false
}

// secret reads a secret of the keyring; one that was never set is none.
func (in *instance) secret(name string) func(context.Context) ([]byte, error) {
	item, _ := SecretItem(name)
	vault := in.opts.Vault.Silent() // a webhook is no reason to ask for a password
	return func(ctx context.Context) ([]byte, error) {
		b, err := vault.Get(ctx, item)
		if errors.Is(err, graph.ErrNoItem) {
			return nil, nil
		}
		return b, err
	}
}
