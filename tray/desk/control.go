package desk

import (
	"context"
	"fmt"
	"time"

	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/tray"
	"heliograph/tray/remote"
	"heliograph/tray/words"
)

// ChooseArgs are the arguments of the verb "choose". For is a Go duration;
// zero: until changed.
type ChooseArgs struct {
	Status presence.Status `json:"status"`
	For    string          `json:"for,omitempty"`
}

// answer serves the control socket.
func (in *instance) answer(ctx context.Context, r remote.Request, reply func(any) error) error {
	switch r.Verb {
	case "show":
		s := in.loop.State()
		in.toaster.Show(tray.Toast{Class: "show", Title: words.Say("toast.running"), Body: words.Because(s)})
		return reply(nil)
	case "status":
		return reply(in.status())
	case "choose":
		var a ChooseArgs
		if err := r.Decode(&a); err != nil {
			return err
		}
		return in.choose(a, reply)
	case "signed-in":
		return in.takeOver(ctx, reply)
	case "sign-out":
		if err := in.signOut(ctx); err != nil {
			return err
		}
		return reply(nil)
	}
	return fmt.Errorf("unknown request %q: this heliograph is older than the command", r.Verb)
}

func (in *instance) choose(a ChooseArgs, reply func(any) error) error {
	if a.Status != presence.Paused {
		if _, err := presence.ParseStatus(string(a.Status)); err != nil {
			return err
		}
	}
	c := presence.Choice{Status: a.Status}
	if a.For != "" && a.For != "0s" {
		d, err := time.ParseDuration(a.For)
		if err != nil || d <= 0 || d > 7*24*time.Hour {
			return fmt.Errorf("%q is no span for a status: use up to a week, as in 30m or 2h", a.For)
		}
		c.Until = time.Now().Add(d).Round(0)
	}
	in.loop.Choose(c)
	return reply(nil)
}

// takeOver restores a sign-in that the command line has made.
func (in *instance) takeOver(ctx context.Context, reply func(any) error) error {
	if in.account == nil {
		return in.noWay
	}
	in.account.Forget()
	p, err := in.account.Restore(ctx)
	if err != nil {
		return fmt.Errorf("%s", graph.Explain(err))
	}
	in.signedIn(p)
	return reply(nil)
}
