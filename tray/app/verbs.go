package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"heliograph/graph/presence"
	"heliograph/tray/control"
	"heliograph/tray/words"
)

// verbs answers the requests that come over the control socket.
type verbs struct{ *instance }

// verb answers one kind of request.
type verb func(in *verbs, ctx context.Context, r control.Request, reply func(any) error) error

// everyVerb is everything that the control socket answers.
var everyVerb = map[string]verb{
	control.VerbShow:   withoutArgs((*verbs).showItself),
	control.VerbStatus: withoutArgs(func(in *verbs, _ context.Context, reply func(any) error) error { return reply(in.wireState()) }),
	control.VerbFollow: withoutArgs((*verbs).followStatus),
	control.VerbWhy:    withoutArgs(func(in *verbs, _ context.Context, reply func(any) error) error { return reply(in.why()) }),
	control.VerbCalls:  withoutArgs(func(in *verbs, _ context.Context, reply func(any) error) error { return reply(in.calls.list()) }),
	control.VerbDoctor: withoutArgs(func(in *verbs, ctx context.Context, reply func(any) error) error { return reply(in.doctor(ctx)) }),
	control.VerbSettings: withoutArgs(func(in *verbs, _ context.Context, reply func(any) error) error {
		return reply(toWireSettings(in.settings.Value()))
	}),
	control.VerbLog:    withoutArgs((*verbs).followLog),
	control.VerbChoose: withArgs((*verbs).choose),
	control.VerbJudge: withArgs(func(in *verbs, ctx context.Context, a control.JudgeArgs, reply func(any) error) error {
		return in.calls.judge(ctx, a, reply)
	}),
	control.VerbSignedIn: withoutArgs((*verbs).takeOver),
	control.VerbQuit:     withoutArgs((*verbs).answerQuit),
	control.VerbRefresh: withoutArgs(func(in *verbs, _ context.Context, reply func(any) error) error {
		in.redraw()
		return reply(nil)
	}),
	control.VerbSignOut: withoutArgs(func(in *verbs, ctx context.Context, reply func(any) error) error {
		if err := in.account.SignOut(ctx); err != nil {
			return err
		}
		return reply(nil)
	}),
}

// withoutArgs returns a verb that takes no arguments.
func withoutArgs(do func(*verbs, context.Context, func(any) error) error) verb {
	return func(in *verbs, ctx context.Context, r control.Request, reply func(any) error) error {
		if err := r.Decode(&struct{}{}); err != nil {
			return err
		}
		return do(in, ctx, reply)
	}
}

// withArgs returns a verb that takes a T.
func withArgs[T any](do func(*verbs, context.Context, T, func(any) error) error) verb {
	return func(in *verbs, ctx context.Context, r control.Request, reply func(any) error) error {
		var args T
		if err := r.Decode(&args); err != nil {
			return err
		}
		return do(in, ctx, args, reply)
	}
}

// answer serves the control socket.
func (in *verbs) answer(ctx context.Context, r control.Request, reply func(any) error) error {
	v, ok := everyVerb[r.Verb]
	if !ok {
		return fmt.Errorf("unknown request %q: the running heliograph is older than the command, restart it", r.Verb)
	}
	return v(in, ctx, r, reply)
}

// showItself shows that this instance runs to a person who starts a second one.
func (in *verbs) showItself(_ context.Context, reply func(any) error) error {
	s := in.loop.State()
	in.notices.running(words.Because(s))
	return reply(nil)
}

// settled bounds how long an answer waits for the loop, which takes
// microseconds unless the computer is overloaded.
const settled = 2 * time.Second

// choose passes the choice to the loop and answers with the state that follows.
func (in *verbs) choose(ctx context.Context, a control.ChooseArgs, reply func(any) error) error {
	c, err := choiceOf(a, time.Now())
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
			now := time.Now()
			if got := s.Choice.At(now); got.Status != c.Status || !got.Until.Equal(c.Until) || got.Message != c.Message {
				continue
			}
			// What the person picked in Teams before gives way to this choice.
			s.Theirs = presence.Pair{}
			f := in.facts.now()
			f.State = s
			// Only what keeps the choice from being seen belongs into its answer.
			f.CommandTrouble = ""
			if s.Err != nil {
				f.CommandTrouble = adviseCommand(s.Err)
			}
			return reply(toWire(f, now))
		case <-ctx.Done():
			return errors.New("the choice was passed on but has not taken effect yet: see heliograph status")
		}
	}
}

// choiceOf checks the arguments of a choice.
func choiceOf(a control.ChooseArgs, now time.Time) (presence.Choice, error) {
	c := presence.Choice{Status: presence.Paused, Until: a.Until.Round(0), Message: strings.TrimSpace(a.Message)}
	if a.Status != string(presence.Paused) {
		s, err := presence.ParseStatus(a.Status)
		if err != nil {
			return c, err
		}
		c.Status = s
	}
	switch {
	case c.Status == presence.Automatic && (!c.Until.IsZero() || c.Message != ""):
		return c, errors.New("automatic has no end and no message: leave --for, --until and --message out")
	case c.Status == presence.Paused && c.Message != "":
		return c, errors.New("heliograph does not touch Teams during a pause: leave --message out")
	case !c.Until.IsZero() && !c.Until.After(now):
		return c, errors.New("the end of the status is over already: name a time to come")
	case c.Until.Sub(now) > control.MaxChoice:
		return c, errors.New("the end of the status is more than a week away: name an earlier one")
	case len([]rune(c.Message)) > control.MaxMessage:
		return c, fmt.Errorf("the message is longer than %d characters, the most that Teams shows: shorten it", control.MaxMessage)
	case strings.ContainsFunc(c.Message, unicode.IsControl):
		return c, errors.New("the message holds a control character: use one line of plain text")
	}
	return c, nil
}

// answerQuit ends the instance and answers when it has cleared what it could at
// Microsoft, with what is left there.
func (in *verbs) answerQuit(ctx context.Context, reply func(any) error) error {
	in.log.Info("quitting, as the command line asks")
	in.quit()
	select {
	case <-in.loopEnded:
		return reply(quitReply(in.loop.Left()))
	case <-ctx.Done():
		return errors.New("heliograph is quitting, but Microsoft was not reached in time: what it had set there expires within hours")
	}
}

// quitReply renders what was left at Microsoft for the command line.
func quitReply(left []presence.Left) control.QuitReply {
	names := map[presence.LeftKind]string{
		presence.LeftSession:   control.LeftSession,
		presence.LeftPreferred: control.LeftPreferred,
		presence.LeftMessage:   control.LeftMessage,
	}
	r := control.QuitReply{Cleared: true, Left: []control.Left{}}
	for _, l := range left {
		r.Cleared = r.Cleared && l.ToOthers
		r.Left = append(r.Left, control.Left{What: names[l.Kind], Presence: nonZero(control.Pair(l.Pair)), Until: l.Until.Local()})
		if l.Until.After(r.Until) {
			r.Until = l.Until.Local()
		}
	}
	return r
}

// followLog answers with the end of the log, then with each line that is added.
func (in *verbs) followLog(ctx context.Context, reply func(any) error) error {
	if in.opts.Logbook == nil {
		return errors.New("this heliograph keeps no log")
	}
	tail, lines, stop, err := in.opts.Logbook.Follow()
	if err != nil {
		return err
	}
	defer stop()
	for text := tail; ; {
		if err := reply(text); err != nil {
			return err
		}
		select {
		case text = <-lines:
		case <-ctx.Done():
			return nil
		}
	}
}

// takeOver restores a sign-in that the command line has made.
func (in *verbs) takeOver(ctx context.Context, reply func(any) error) error {
	if err := in.account.TakeOver(ctx); err != nil {
		return errors.New(adviseCommand(err))
	}
	return reply(nil)
}

// wireState returns the state of this moment for other programs.
func (in *verbs) wireState() control.State { return toWire(in.facts.now(), time.Now()) }

// followStatus answers with each state that differs from the one before.
func (in *verbs) followStatus(ctx context.Context, reply func(any) error) error {
	states, stop := in.publish.changes.subscribe()
	defer stop()
	for {
		select {
		case s := <-states:
			if err := reply(s); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}
