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
	"time"
)

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
			c.refreshFailed() // so no new token has reached Graph
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
// asked: while the computer changes networks, Graph and Entra disagree for a
// moment on the address for which a token is valid.
const challengePatience = 2 * time.Minute

// challengeLasts reports that the tokens of silent refreshes do not meet Graph's
// challenge, so that a person must be asked; claims is what the last answer to
// the action demanded.
func (c *Client) challengeLasts(action, claims string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if claims == "" {
		delete(c.challenged, action)
		return false
	}
	if c.challenged == nil {
		c.challenged = map[string]challenges{}
	}
	seen, known := c.challenged[action]
	// One that comes long after the last is another, as when the computer changes
	// networks again; or the clock was set.
	if !known || now.Before(seen.last) || now.Sub(seen.last) > challengeGap {
		seen.first = now
	}
	seen.last = now
	c.challenged[action] = seen
	return now.Sub(seen.first) >= challengePatience
}

// challengeGap is how far apart two challenges may be to count as one that is
// repeated: further than the longest pause between two attempts at what fails.
const challengeGap = 5 * time.Minute

// challenges are the first and the last of those that are repeated.
type challenges struct{ first, last time.Time }

// anyClaims demands nothing, and still makes MSAL fetch a new token.
const anyClaims = "{}"

// The pauses between two refreshes that Graph's 401 asks for: one refresh shows
// whether this computer's clock is wrong, and a Graph that accepts no token for
// a while must not cause one refresh after another.
const (
	refreshPauseFirst = 5 * time.Minute
	refreshPauseLast  = time.Hour
)

// mayRefresh reports whether the outcome of a request requires a new token,
// although by the clock the present one is valid.
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

// once makes one request with one token. A challenge is the claims that the
// answer demands; empty: it demands none.
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
	began := readClocks(c.now)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, "", fmt.Errorf("not reached: Microsoft Graph: %w", err)
	}
	answered := readClocks(c.now)
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	if resp.StatusCode < 200 || resp.StatusCode >= 300 {
		e := failure(resp, answer).bounded()
		if !e.foreign() {
			c.skew.learn(resp.Header, began, answered)
		}
		e.Link = c.consent
		return nil, claimsOf(resp), e
	}
	if err != nil {
		return nil, "", fmt.Errorf("answer of Microsoft Graph broke off: %w", plainCause(err))
	}
	if !c.success(method, resp, answer) {
		return nil, "", notGraph(resp, answer)
	}
	c.skew.learn(resp.Header, began, answered)
	return answer, "", nil
}

// success reports whether an answer with a status of success is Graph's.
func (c *Client) success(method string, resp *http.Response, body []byte) bool {
	if method == http.MethodGet {
		_, ok := presenceFrom(body)
		return ok
	}
	return doneByGraph(resp, body)
}

// failure decodes Graph's error envelope. An answer without one, such as a
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

// claimsOf reads the claims that a challenge demands; empty if the answer is
// not a challenge. A plain 401 is not one and must not start refreshing.
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
