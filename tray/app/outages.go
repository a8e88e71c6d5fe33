package app

import (
	"context"
	"errors"
	"time"

	"heliograph/graph/presence"
	"heliograph/tray"
	"heliograph/tray/words"
)

// outages tells the person of what lasts: that presence cannot be set, and that
// they have to sign in.
type outages struct {
	in      *instance
	trouble tray.Outage
	signIn  tray.Outage
}

func newOutages(in *instance) *outages {
	return &outages{in: in, trouble: tray.Outage{Delay: troubleAfter}}
}

// look shows the toast that a state calls for, and returns after how long to
// look again if the state does not change before.
func (o *outages) look(ctx context.Context, s presence.State) time.Duration {
	const never = 1<<63 - 1
	now := time.Now()
	switch {
	case s.Err == nil:
		o.signIn.Over()
		if o.trouble.Over() && s.SignedIn {
			o.show("toast.trouble.over", words.Say("toast.trouble.over.body"))
		}
	case errors.Is(s.Err, presence.ErrSignIn):
		if tell, _ := o.signIn.Failing(now, now); tell {
			o.in.needSignIn(ctx, s.Err, false)
		}
	default:
		tell, again := o.trouble.Failing(s.ErrSince, now)
		if tell {
			o.show("toast.trouble", advise(s.Err))
		}
		if again > 0 {
			return again
		}
	}
	return never
}

func (o *outages) show(title, body string) {
	if o.in.settings.Value().Notifications.Trouble {
		o.in.toaster.Show(tray.Toast{Class: "trouble", Title: words.Say(title), Body: body, Always: true})
	}
}
