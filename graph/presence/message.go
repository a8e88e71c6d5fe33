package presence

import (
	"context"
	"slices"
	"strings"
	"time"
)

// planMessage keeps the status message of a call or a choice, and restores the
// user's own afterwards.
func (r *reconciler) planMessage(now time.Time) (job, bool) {
	own, text := r.saved.Message, r.want.Message
	switch {
	case text == "" && own == "":
		return job{}, false
	case text == "":
		return job{kindMessage, "restore the status message", r.restoreMessage(now), func(err error, _ time.Time) {
			if err != nil {
				return
			}
			r.saved.Message, r.saved.Earlier, r.saved.MessageUntil = "", nil, time.Time{}
			r.saved.Before, r.saved.BeforeUntil = "", time.Time{}
			r.readDue = true
			r.keep()
		}}, true
	case own == text && now.Before(r.saved.MessageUntil.Add(messageRenew-messageExpire)):
		return job{}, false
	}
	return r.setMessage(now), true
}

// setMessage sets the status message that is wanted, after it has read the
// user's own if ours is not there yet.
func (r *reconciler) setMessage(now time.Time) job {
	own, text := r.saved.Message, r.want.Message
	service, until := r.service, now.Add(messageExpire)
	before, beforeUntil := r.saved.Before, r.saved.BeforeUntil
	tried := false
	set := func(ctx context.Context) error {
		if own == "" {
			shown, err := service.Shown(ctx)
			if err != nil {
				return err
			}
			before, beforeUntil = shown.Message, shown.MessageUntil
		}
		tried = true
		return service.SetStatusMessage(ctx, text, until)
	}
	return job{kindMessage, "set the status message", set, func(err error, _ time.Time) {
		if !tried {
			return
		}
		// It is ours from the first try on, confirmed or not: otherwise, after
		// a lost answer, it would look like the user's own.
		if own != "" && own != text && !slices.Contains(r.saved.Earlier, own) {
			r.saved.Earlier = append(slices.Clone(r.saved.Earlier), own)
		}
		r.saved.Message, r.saved.MessageUntil = text, until
		if err != nil {
			r.saved.MessageUntil = time.Time{}
		} else {
			r.saved.Earlier = nil
		}
		r.saved.Before, r.saved.BeforeUntil = before, beforeUntil
		r.readDue = true
		r.keep()
	}}
}

// restoreMessage restores the message before ours, unless the user has written
// another one since.
func (r *reconciler) restoreMessage(now time.Time) func(context.Context) error {
	service, s := r.service, r.saved
	return func(ctx context.Context) error {
		shown, err := service.Shown(ctx)
		if err != nil {
			return err
		}
		same := func(own string) bool { return strings.TrimSpace(shown.Message) == strings.TrimSpace(own) }
		if shown.Message != "" && !same(s.Message) && !slices.ContainsFunc(s.Earlier, same) {
			return nil
		}
		text := s.Before
		if !s.BeforeUntil.IsZero() && !now.Before(s.BeforeUntil) {
			text = ""
		}
		if text == shown.Message {
			return nil
		}
		return service.SetStatusMessage(ctx, text, s.BeforeUntil)
	}
}
