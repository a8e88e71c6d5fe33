package graph

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"heliograph/graph/presence"
	"heliograph/graph/zone"
)

// Client speaks the presence part of Microsoft Graph for one user. It
// implements presence.Service.
type Client struct {
	http  *http.Client
	base  string // https://graph.microsoft.com/v1.0
	user  string // object id
	app   string // client id, which is the session's id
	token func(ctx context.Context, claims string) (string, error)
	// noExpiration leaves expirationDuration out of setPresence.
	noExpiration bool
	// consent is where an administrator can grant what is missing.
	consent string

	mu sync.Mutex
	// Until refreshAfter a token that Graph does not accept is not refreshed
	// again; refreshPause is the pause that led there.
	refreshAfter time.Time
	refreshPause time.Duration
	// challenged is since when Graph repeats its challenge to tokens that were
	// to meet it, by action.
	challenged map[string]time.Time
	// unattended: no person can answer a challenge; see Application.
	unattended bool
}

var _ presence.Service = (*Client)(nil)

// maxAnswer is far above any presence resource.
const maxAnswer = 1 << 20

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

// ClearPresence ends the application's session; Graph answers 404 for one that
// is gone already.
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

// SetPreferred sets the user's preferred presence; d of zero leaves the end to
// Graph.
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

// instant is when the time is; zero if it cannot be read.
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
	var in struct {
		Availability   string         `json:"availability"`
		Activity       string         `json:"activity"`
		SequenceNumber string         `json:"sequenceNumber"`
		StatusMessage  *statusMessage `json:"statusMessage"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return presence.Shown{}, errors.New("presence cannot be read: what Microsoft Graph answers is no presence resource")
	}
	out := presence.Shown{Pair: presence.Pair{Availability: in.Availability, Activity: in.Activity}, Sequence: in.SequenceNumber}
	if m := in.StatusMessage; m != nil {
		out.Message = m.Message.Content
		if m.Expiry != nil {
			out.MessageUntil = m.Expiry.instant()
		}
	}
	return out, nil
}

func (c *Client) act(ctx context.Context, action string, body any) error {
	_, err := c.call(ctx, http.MethodPost, "/"+action, body)
	return err
}

// call makes one request, and once more if Graph answers with a claims
// challenge that a new token meets.
func (c *Client) call(ctx context.Context, method, action string, body any) ([]byte, error) {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("request %s: %w", action, err)
		}
	}
	answer, claims, err := c.once(ctx, method, action, raw, "")
	if claims == "" && c.mayRefresh(err, time.Now().Round(0)) {
		answer, claims, err = c.once(ctx, method, action, raw, anyClaims)
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.from != "") {
			c.refreshFailed() // Graph has seen no new token
		}
	}
	if claims != "" {
		answer, claims, err = c.once(ctx, method, action, raw, claims)
	}
	if c.challengeLasts(action, claims, time.Now().Round(0)) {
		return nil, &SignInError{Name: "insufficient_claims", err: err, keeps: c.unattended}
	}
	return answer, err
}

// challengePatience is how long a challenge may be repeated before a person is
// asked: while the machine changes networks, Graph and Entra disagree for a
// moment on the address that a token is good for.
const challengePatience = 2 * time.Minute

// challengeLasts reports that tokens that Entra gives without a question do not
// meet Graph's challenge, so that a person must be asked; claims is what the
// last answer to the action demanded.
func (c *Client) challengeLasts(action, claims string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if claims == "" {
		delete(c.challenged, action)
		return false
	}
	since, known := c.challenged[action]
	if !known || now.Before(since) { // or the clock was set back
		if c.challenged == nil {
			c.challenged = map[string]time.Time{}
		}
		since = now
		c.challenged[action] = now
	}
	return now.Sub(since) >= challengePatience
}

// anyClaims demands nothing, but makes MSAL fetch a token anew.
const anyClaims = "{}"

// The pauses between two refreshes that Graph's 401 asks for: one refresh tells
// whether this machine's clock is wrong, and a Graph that accepts no token for
// a while does not cause a round of refreshing.
const (
	refreshPauseFirst = 5 * time.Minute
	refreshPauseLast  = time.Hour
)

// mayRefresh reports whether the outcome of a request calls for a new token,
// although the clock says that the present one is good.
func (c *Client) mayRefresh(err error, now time.Time) bool {
	var e *Error
	if !errors.As(err, &e) || !e.token() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch wait := c.refreshAfter.Sub(now); {
	case wait > 0 && wait <= c.refreshPause: // a longer one means that the clock was set back
		return false
	case now.Sub(c.refreshAfter) > refreshPauseLast:
		c.refreshPause = 0 // the last time is long ago
	}
	c.refreshPause = min(max(2*c.refreshPause, refreshPauseFirst), refreshPauseLast)
	c.refreshAfter = now.Add(c.refreshPause)
	return true
}

// refreshFailed allows the next refresh at once.
func (c *Client) refreshFailed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refreshAfter, c.refreshPause = time.Time{}, 0
}

func (c *Client) once(ctx context.Context, method, action string, body []byte, claims string) (answer []byte, challenge string, err error) {
	bearer, err := c.token(ctx, claims)
	if err != nil {
		return nil, "", err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/users/"+url.PathEscape(c.user)+"/presence"+action, bytes.NewReader(body))
	if err != nil {
		return nil, "", fmt.Errorf("request %s: %w", action, err)
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Accept", "application/json")
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, "", fmt.Errorf("not reached: Microsoft Graph: %w", err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		if err != nil && method == http.MethodGet {
			return nil, "", fmt.Errorf("answer of Microsoft Graph broke off: %w", plainCause(err))
		}
		return answer, "", nil // a write's answer has no content
	}
	e := failure(resp, answer).bounded()
	e.Link = c.consent
	return nil, claimsOf(resp), e
}

// failure reads Graph's error envelope. An answer without one, such as a
// proxy's page, yields the status alone.
func failure(resp *http.Response, body []byte) *Error {
	var in struct {
		Error struct {
			Code  string            `json:"code"`
			Inner map[string]string `json:"innerError"`
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &in)
	e := &Error{Status: resp.StatusCode, Code: plain(in.Error.Code), RequestID: plain(resp.Header.Get("request-id")), Wait: retryAfter(resp.Header)}
	e.bearer = strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer ")
	if e.RequestID == "" {
		e.RequestID = plain(in.Error.Inner["request-id"])
	}
	return e
}

var word = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// plain drops text that could carry a secret; only [A-Za-z0-9_.-] may reach an
// error or the log.
func plain(s string) string {
	if word.MatchString(s) {
		return s
	}
	return ""
}

var claimsParameter = regexp.MustCompile(`claims="([A-Za-z0-9+/=_-]+)"`)

// claimsOf reads the claims that a challenge asks for; empty: there is none. A
// plain 401 is no challenge and must not start a round of refreshing.
func claimsOf(resp *http.Response) string {
	if resp.StatusCode != http.StatusUnauthorized {
		return ""
	}
	for _, h := range resp.Header.Values("WWW-Authenticate") {
		if !strings.Contains(h, "insufficient_claims") {
			continue
		}
		if m := claimsParameter.FindStringSubmatch(h); m != nil {
			for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
				if b, err := enc.DecodeString(m[1]); err == nil && json.Valid(b) {
					return string(b)
				}
			}
		}
	}
	return ""
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
