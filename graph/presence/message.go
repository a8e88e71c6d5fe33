package presence

import (
	"context"
	"time"
)

// planMessage keeps the status message of a call or a choice, and restores the
// person's own afterwards. One that they write meanwhile is theirs to keep.
func (r *reconciler) planMessage(now time.Time) (job, bool) {
	l, text := &r.ledger, r.want.Message
	e := &l.Message
	switch {
	case text == "" && (e.empty() || e.known(Value{}, now)):
		l.Yielded = false
		return job{}, false
	case text != "" && l.Yielded:
		return job{}, false
	case text != "" && e.known(Value{Text: text}, now) && now.Before(e.newest().At.Add(messageRenew)):
		return job{}, false
	case !r.looked(now):
		return r.lookFirst(), true
	case r.overwritten(now):
		r.opts.Log.Info("the person has written a status message of their own")
		e.forget()
		l.Before, l.Yielded = Note{}, text != ""
		r.keep()
		return job{}, false
	case text == "":
		return r.restoreMessage(now), true
	}
	return r.setMessage(now), true
}

// overwritten reports whether the person has written a message over ours.
func (r *reconciler) overwritten(now time.Time) bool {
	e, shown := r.ledger.Message, r.look.shown.Message
	if e.empty() || shown == "" || !r.canLook(now) || e.has(sameText(shown)) || r.recently(kindMessage, sameText(shown), now) {
		return false
	}
	// A read that is older than our write shows what was there before it.
	old := now.Before(e.newest().At.Add(settleTime)) && sameText(shown)(Value{Text: r.ledger.Before.Text})
	return !old
}

// setMessage sets the status message that is wanted, and remembers the person's
// own if ours is not there yet.
func (r *reconciler) setMessage(now time.Time) job {
	text, until, service := r.want.Message, now.Add(messageExpire), r.service
	if shown := r.look.shown; r.ledger.Message.empty() && r.canLook(now) && !r.recently(kindMessage, sameText(shown.Message), now) {
		r.ledger.Before = Note{shown.Message, shown.MessageUntil}
	}
	set := func(ctx context.Context) error { return service.SetStatusMessage(ctx, text, until) }
	w := Write{Value: Value{Text: text}, At: now, Expires: until, Gone: until.Add(settleTime)}
	return r.write(kindMessage, "set the status message", w, set, func(time.Time) {})
}

// restoreMessage restores the message before ours.
func (r *reconciler) restoreMessage(now time.Time) job {
	before, service := r.ledger.Before, r.service
	if !before.Until.IsZero() && !now.Before(before.Until) {
		before = Note{}
	}
	restore := func(ctx context.Context) error { return service.SetStatusMessage(ctx, before.Text, before.Until) }
	return r.write(kindMessage, "restore the status message", Write{At: now}, restore, func(time.Time) {})
}
