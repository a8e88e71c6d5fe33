package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"heliograph/graph/presence"
	"heliograph/graph/zone"
)

// Client makes the presence requests of Microsoft Graph for one user. It
// implements presence.Service.
type Client struct {
	http  *http.Client
	base  string // https://graph.microsoft.com/v1.0
	user  string // object id
	app   string // client id, which is the session's id
	token func(ctx context.Context, claims string) (string, error)
	// noExpiration leaves expirationDuration out of setPresence.
	noExpiration bool
	// consent is the page on which an administrator can grant what is missing.
	consent string
	// unattended reports that there is no person to answer a challenge; see
	// Application.
	unattended bool
	skew       skew
	now        func() time.Time // the computer's clock

	mu sync.Mutex
	// Until refreshAfter, a token that Graph does not accept is not refreshed
	// again; refreshPause is the pause that led there.
	refreshAfter time.Time
	refreshPause time.Duration
	// challenged is, by action, how long Graph has repeated its challenge to tokens
	// that were meant to meet it.
	challenged map[string]challenges
}

var _ presence.Service = (*Client)(nil)

// Account identifies the person and the application.
func (c *Client) Account() string { return c.app + "/" + c.user }

// SetPresence sets the application's session.
//
// Source: https://learn.microsoft.com/graph/api/presence-setpresence
func (c *Client) SetPresence(ctx context.Context, p presence.Pair, d time.Duration) error {
	in := struct {
		SessionID          string `json:"sessionId"`
		Availability       string `json:"availability"`
		Activity           string `json:"activity"`
		ExpirationDuration string `json:"expirationDuration,omitempty"`
	}{c.app, p.Availability, p.Activity, ""}
	if !c.noExpiration {
		in.ExpirationDuration = isoDuration(min(max(d, presence.MinExpiration), presence.MaxExpiration))
	}
	return c.act(ctx, "setPresence", in)
}

// ClearPresence ends the application's session. Graph answers 404 for a session
// that does not exist, which is not an error here.
//
// Source: https://learn.microsoft.com/graph/api/presence-clearpresence
func (c *Client) ClearPresence(ctx context.Context) error {
	err := c.act(ctx, "clearPresence", struct {
		SessionID string `json:"sessionId"`
	}{c.app})
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound && !e.foreign() {
		return nil
	}
	return err
}

// SetPreferred sets the user's preferred presence for d; with zero Graph chooses
// the end.
//
// Source: https://learn.microsoft.com/graph/api/presence-setuserpreferredpresence
func (c *Client) SetPreferred(ctx context.Context, p presence.Pair, d time.Duration) error {
	in := struct {
		Availability       string `json:"availability"`
		Activity           string `json:"activity"`
		ExpirationDuration string `json:"expirationDuration,omitempty"`
	}{p.Availability, p.Activity, ""}
	if d > 0 {
		in.ExpirationDuration = isoDuration(max(d, time.Second))
	}
	return c.act(ctx, "setUserPreferredPresence", in)
}

// ClearPreferred removes the user's preferred presence.
//
// Source: https://learn.microsoft.com/graph/api/presence-clearuserpreferredpresence
func (c *Client) ClearPreferred(ctx context.Context) error {
	return c.act(ctx, "clearUserPreferredPresence", struct{}{})
}

// statusMessage is presenceStatusMessage on the wire.
//
// Source: https://learn.microsoft.com/graph/api/resources/presencestatusmessage
type statusMessage struct {
	Message struct {
		Content     string `json:"content"`
		ContentType string `json:"contentType"`
	} `json:"message"`
	Expiry *dateTimeZone `json:"expiryDateTime,omitempty"`
}

// dateTimeZone is dateTimeTimeZone on the wire.
//
// Source: https://learn.microsoft.com/graph/api/resources/datetimetimezone
type dateTimeZone struct {
	DateTime string `json:"dateTime"` // without a zone
	TimeZone string `json:"timeZone"` // by its name in the IANA database or in Windows
}

// instant decodes the time; it is zero if that is not possible.
func (d dateTimeZone) instant() time.Time {
	loc, err := zone.Named(d.TimeZone)
	if err != nil {
		return time.Time{}
	}
	t, err := time.ParseInLocation("2006-01-02T15:04:05.9999999", d.DateTime, loc)
	if err != nil {
		return time.Time{}
	}
	return t.Local()
}

// SetStatusMessage sets the status message; an empty text removes it.
//
// Source: https://learn.microsoft.com/graph/api/presence-setstatusmessage
func (c *Client) SetStatusMessage(ctx context.Context, text string, until time.Time) error {
	var in struct {
		StatusMessage statusMessage `json:"statusMessage"`
	}
	in.StatusMessage.Message.Content, in.StatusMessage.Message.ContentType = text, "text"
	if !until.IsZero() && text != "" {
		in.StatusMessage.Expiry = &dateTimeZone{until.UTC().Format("2006-01-02T15:04:05"), "UTC"}
	}
	return c.act(ctx, "setStatusMessage", in)
}

// Shown reads what colleagues see. All but availability and activity may be
// missing, as it is in the US Government clouds.
//
// Source: https://learn.microsoft.com/graph/api/presence-get
func (c *Client) Shown(ctx context.Context) (presence.Shown, error) {
	raw, err := c.call(ctx, http.MethodGet, "", nil)
	if err != nil {
		return presence.Shown{}, err
	}
	shown, _ := presenceFrom(raw) // call returns nothing else
	shown.Ahead = c.skew.now(readClocks(c.now))
	return shown, nil
}

func (c *Client) act(ctx context.Context, action string, body any) error {
	_, err := c.call(ctx, http.MethodPost, "/"+action, body)
	return err
}

// isoDuration writes d as Edm.Duration in whole seconds, rounded up.
func isoDuration(d time.Duration) string {
	s := int64((d + time.Second - 1) / time.Second)
	out := "PT"
	for _, u := range []struct {
		n    int64
		unit string
	}{{s / 3600, "H"}, {s / 60 % 60, "M"}, {s % 60, "S"}} {
		if u.n > 0 {
			out += fmt.Sprintf("%d%s", u.n, u.unit)
		}
	}
	if out == "PT" {
		return "PT0S"
	}
	return out
}
