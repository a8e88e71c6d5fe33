package presence

import (
	"context"
	"time"
)

// noticeTime is how long after the start a call may be noticed that went on
// before; the first activity waits four seconds at most for every detector.
const noticeTime = 5 * time.Second

// planMessage keeps the status message of a call or a choice, and restores the
// person's own afterwards. One that they write later than the call began, or the
// choice was made, is theirs to keep.
func (r *reconciler) planMessage(now time.Time) (job, bool) {
	l, text := &r.ledger, r.want.Message
	e := &l.Message
	switch {
	case text == "" && now.After(r.begun.Add(noticeTime)):
		l.YieldsTo = ""
	case text != "" && r.ownIsNewer():
		text = ""
	}
	switch {
	case text == "" && (e.empty() || e.known(Value{}, now)):
		return job{}, false
	case text != "" && e.known(Value{Text: text}, now) && now.Before(e.newest().At.Add(messageRenew)):
		return job{}, false
	case r.mustWait(now):
		return job{}, false
	case !r.looked(now):
		return r.lookFirst(), true
	case text == "" && e.ended() && l.Own.ended(r.atGraph(now)):
		e.forget() // so that nothing is there, and nothing to restore
		r.keep()
		return job{}, false
	case text == "":
		return r.restoreMessage(now), true
	}
	return r.setMessage(now), true
}

// atGraph returns what Graph's clock shows at an instant of ours.
func (r *reconciler) atGraph(now time.Time) time.Time { return now.Add(r.look.shown.Ahead) }

// ownIsNewer reports whether the person has written a message since they are in
// calls, or since they made the choice that has one. After a restart, that is not
// known of a call which went on, so the answer is kept while the same message is
// wanted.
func (r *reconciler) ownIsNewer() bool {
	l, text, since := &r.ledger, r.want.Message, r.callSince
	if r.choice.Message != "" {
		since = r.choice.Since
	}
	if since.After(r.begun.Add(noticeTime)) && !l.Own.newerThan(since) {
		l.YieldsTo = "" // it was for an earlier call
	}
	if l.YieldsTo != text && l.Message.newest().Text != text && !since.IsZero() && l.Own.newerThan(since) {
		l.YieldsTo = text
		r.keep()
	}
	return l.YieldsTo == text
}

// clockMargin is by how much this clock may differ from Graph's without anybody
// knowing: see package graph.
const clockMargin = time.Minute

// learnNote draws the conclusions from the status message that was read.
func (r *reconciler) learnNote(now time.Time) {
	l, shown := &r.ledger, r.look.shown
	e := &l.Message
	if l.Own.ended(r.atGraph(now)) {
		l.Own.Text, l.Own.Until = "", time.Time{}
	}
	if l.Text != "" && !e.has(sameText(l.Text)) && sameText(shown.Message)(Value{Text: l.Text}) && !r.recently(kindMessage, sameText(l.Text), now) {
		e.forget()
		e.begin(Write{Value: Value{Text: l.Text}, At: now.Add(-messageRenew), Expires: now.Add(messageExpire), Gone: now.Add(messageExpire + settleTime), Ends: r.atGraph(now).Add(messageExpire)})
		r.keep() // it had not ended
		return
	}
	fresh := now.Before(e.newest().At.Add(settleTime)) // it may be older than our write
	same := sameText(shown.Message)(Value{Text: l.Own.Text})
	newest := e.newest()
	switch {
	case shown.Message != "" && (e.has(sameText(shown.Message)) || r.recently(kindMessage, sameText(shown.Message), now)):
		l.Own.Seen = now
		return
	case !e.empty() && newest.Zero() && shown.Message == "":
		return // ours has ended, or was cleared, and theirs is not back
	case shown.Message == "" && newest.Accepted && !newest.Zero() && !r.atGraph(now).Before(newest.Ends.Add(-clockMargin)):
		l.messageEnded(now)
		r.keep()
		return
	case !newest.Zero() && (fresh && (same || shown.Message == "") || !newest.Accepted && same):
		return // ours may be there, or not yet
	case !same, newest.Accepted && !newest.Zero() && r.atGraph(now).Before(newest.Ends):
		l.Own = Note{Text: shown.Message, After: l.Own.Seen, Found: now} // they have replaced ours, or removed it
	}
	l.Own.Seen, l.Own.Until = now, shown.MessageUntil
	l.Text = ""
	if !e.empty() {
		r.opts.Log.Info("the person has changed the status message")
		e.forget()
		r.keep()
	}
}

// setMessage sets the status message that is wanted.
func (r *reconciler) setMessage(now time.Time) job {
	text, until, service := r.want.Message, now.Add(messageExpire), r.service
	ends := r.atGraph(until)
	r.ledger.Text = text
	set := func(ctx context.Context) error { return service.SetStatusMessage(ctx, text, ends) }
	w := Write{Value: Value{Text: text}, At: now, Expires: until, Gone: until.Add(settleTime), Ends: ends}
	return r.write(kindMessage, "set the status message", w, set, func(now time.Time) { r.ledger.Own.Seen = now })
}

// restoreMessage restores the person's own message.
func (r *reconciler) restoreMessage(now time.Time) job {
	own, service := r.ledger.Own, r.service
	if own.ended(r.atGraph(now)) {
		own = Note{}
	}
	restore := func(ctx context.Context) error { return service.SetStatusMessage(ctx, own.Text, own.Until) }
	return r.write(kindMessage, "restore the status message", Write{At: now}, restore, func(time.Time) {})
}
