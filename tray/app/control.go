package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"heliograph/graph/presence"
	"heliograph/tray"
	"heliograph/tray/control"
	"heliograph/tray/words"
)

// ChooseArgs are the arguments of the verb "choose", which answers with a
// Status.
type ChooseArgs struct {
	Status presence.Status `json:"status"`
	// Until is when Automatic comes back; zero: when changed.
	Until time.Time `json:"until,omitzero"`
	// Message is a status message to show meanwhile; empty: leave it alone.
	Message string `json:"message,omitempty"`
}

// AppArgs are the arguments of the verb "app", which answers with Calls.
type AppArgs struct {
	Do  string `json:"do"` // "allow", "deny" or "forget"
	App string `json:"app"`
}

// MaxChoice is how long a choice may last: Graph keeps a preferred presence no
// longer.
//
// Source: https://learn.microsoft.com/graph/api/presence-setuserpreferredpresence
const MaxChoice = 7 * 24 * time.Hour

// MaxMessage is the most that Teams shows of a status message, in characters.
const MaxMessage = 280

// verb answers one kind of request.
type verb func(in *instance, ctx context.Context, r control.Request, reply func(any) error) error

// verbs is the whole protocol of the control socket.
var verbs = map[string]verb{
	"show":      bare((*instance).raise),
	"status":    bare(func(in *instance, _ context.Context, reply func(any) error) error { return reply(in.status()) }),
	"follow":    bare((*instance).followStatus),
	"why":       bare(func(in *instance, _ context.Context, reply func(any) error) error { return reply(in.why()) }),
	"calls":     bare(func(in *instance, _ context.Context, reply func(any) error) error { return reply(in.calls()) }),
	"doctor":    bare(func(in *instance, ctx context.Context, reply func(any) error) error { return reply(in.doctor(ctx)) }),
	"log":       bare((*instance).followLog),
	"choose":    with((*instance).choose),
	"app":       with((*instance).judge),
	"signed-in": bare((*instance).takeOver),
	"quit":      bare((*instance).leave),
	"sign-out": bare(func(in *instance, ctx context.Context, reply func(any) error) error {
		if err := in.account.SignOut(ctx); err != nil {
			return err
		}
		return reply(nil)
	}),
}

// bare is a verb without arguments.
func bare(do func(*instance, context.Context, func(any) error) error) verb {
	return func(in *instance, ctx context.Context, r control.Request, reply func(any) error) error {
		if err := r.Decode(&struct{}{}); err != nil {
			return err
		}
		return do(in, ctx, reply)
	}
}

// with is a verb that needs arguments.
func with[T any](do func(*instance, context.Context, T, func(any) error) error) verb {
	return func(in *instance, ctx context.Context, r control.Request, reply func(any) error) error {
		var args T
		if err := r.Decode(&args); err != nil {
			return err
		}
		return do(in, ctx, args, reply)
	}
}

// answer serves the control socket.
func (in *instance) answer(ctx context.Context, r control.Request, reply func(any) error) error {
	v, ok := verbs[r.Verb]
	if !ok {
		return fmt.Errorf("unknown request %q: the running heliograph is older than the command, restart it", r.Verb)
	}
	return v(in, ctx, r, reply)
}

// raise shows that an instance runs, to whoever starts a second one.
func (in *instance) raise(_ context.Context, reply func(any) error) error {
	s := in.loop.State()
	in.toaster.Show(tray.Toast{Class: "show", Title: words.Say("toast.running"), Body: words.Because(s)})
	return reply(nil)
}

// leave quits; what was held at Microsoft is given back before the answer.
func (in *instance) leave(ctx context.Context, reply func(any) error) error {
	if err := in.loop.Release(ctx); err != nil {
		return err
	}
	in.log.Info("quitting, as the command line asks")
	defer in.quit()
	return reply(nil)
}

// settled bounds how long an answer waits for the loop, which takes
// microseconds unless the machine is stuck.
const settled = 2 * time.Second

// choose hands the choice to the loop and answers with what it made of it.
func (in *instance) choose(ctx context.Context, a ChooseArgs, reply func(any) error) error {
	c, err := a.choice(time.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, settled)
	defer cancel()
	states, stop := in.loop.Subscribe()
	defer stop()
	in.loop.Choose(c)
	for {
		select {
		case s := <-states:
			if now := s.Choice.At(time.Now()); now.Status != c.Status || !now.Until.Equal(c.Until) || now.Message != c.Message {
				continue
			}
			// What the user picked in Teams before gives way to this choice.
			s.Theirs = presence.Pair{}
			f := in.facts()
			f.State = s
			return reply(statusOf(f))
		case <-ctx.Done():
			return errors.New("the choice was handed over, but not taken yet: see heliograph status")
		}
	}
}

// choice checks the arguments.
func (a ChooseArgs) choice(now time.Time) (presence.Choice, error) {
	c := presence.Choice{Status: a.Status, Until: a.Until.Round(0), Message: strings.TrimSpace(a.Message)}
	if a.Status != presence.Paused {
		s, err := presence.ParseStatus(string(a.Status))
		if err != nil {
			return c, err
		}
		c.Status = s
	}
	switch {
	case c.Status == presence.Automatic && (!c.Until.IsZero() || c.Message != ""):
		return c, errors.New("automatic has no end and no message: leave --for, --until and --message out")
	case c.Status == presence.Paused && c.Message != "":
		return c, errors.New("a pause leaves Teams alone: leave --message out")
	case !c.Until.IsZero() && !c.Until.After(now):
		return c, errors.New("the end of the status is over already: name a time to come")
	case c.Until.Sub(now) > MaxChoice:
		return c, errors.New("the end of the status is more than a week away: name an earlier one")
	case len([]rune(c.Message)) > MaxMessage:
		return c, fmt.Errorf("the message is longer than %d characters, the most that Teams shows: shorten it", MaxMessage)
	case strings.ContainsFunc(c.Message, unicode.IsControl):
		return c, errors.New("the message holds a control character: use one line of plain text")
	}
	return c, nil
}
