package outlets

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"

	"heliograph/graph/retryafter"
	"heliograph/tray/control"
)

// Webhook is an address that gets each change as a POST with the state as JSON.
//
// With a secret the request carries X-Heliograph-Timestamp (Unix seconds) and
// X-Heliograph-Signature: "sha256=" and the hexadecimal HMAC-SHA256, under the
// secret, of the timestamp, a full stop and the body. A receiver that refuses
// old timestamps is safe from replayed messages.
type Webhook struct {
	// URL is http or https; http only to this machine or a private network.
	// Its path may hold a token, so only its host is ever shown.
	URL string
	// Account includes the name of the signed-in account.
	Account bool
	// Secret reads the signing secret before each request; an empty one leaves
	// the request unsigned. While Secret fails nothing is sent. Nil: no secret.
	Secret func(context.Context) ([]byte, error)
}

// webhookTimeout bounds one request, answer included.
const webhookTimeout = 10 * time.Second

// webhookTries is how often a state is sent at most. That is about a quarter of
// an hour, after which a receiver learns more from the next change.
const webhookTries = 10

// maxPause bounds a pause that a server asks for.
const maxPause = 15 * time.Minute

// webhook sends one state at a time; a newer one replaces it.
type webhook struct {
	Webhook
	client *http.Client
	report *report
}

func newWebhook(o Webhook) *webhook {
	u, err := url.Parse(o.URL)
	unencrypted := err != nil || u.Scheme != "https"
	t := &http.Transport{
		DialContext:            newDialer(unencrypted).DialContext,
		TLSHandshakeTimeout:    webhookTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		// Changes are rare: a connection kept open would only wake us to be closed.
		DisableKeepAlives: true,
	}
	if !unencrypted {
		t.Proxy = http.ProxyFromEnvironment
	}
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &webhook{Webhook: o, client: &http.Client{Transport: t, CheckRedirect: noRedirect}}
}

func (w *webhook) host() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// delivery is the state to send, and the outcome of the earlier ones.
type delivery struct {
	state    control.State
	pending  bool // state has to be sent
	failures int  // of sending state
	pauses   *backoff.ExponentialBackOff
	// sent is what the receiver has, if known says so: it may have got a request
	// that failed.
	sent      key
	known     bool
	notBefore time.Time // the server asked to wait until then
}

func (d *delivery) take(s control.State) {
	d.state, d.failures = s, 0
	d.pauses.Reset()
	d.pending = !d.known || keyOf(s) != d.sent // it may have changed back meanwhile
}

func (w *webhook) run(ctx context.Context, states <-chan control.State) {
	timer := time.NewTimer(never)
	defer timer.Stop()
	d := delivery{pauses: newBackOff()}
	for {
		select {
		case s, open := <-states:
			if !open {
				if d.pending { // one last try
					w.try(ctx, &d)
				}
				return
			}
			d.take(s)
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		wait := never
		if d.pending {
			if wait = time.Until(d.notBefore); wait <= 0 {
				wait = w.try(ctx, &d)
			}
		}
		timer.Reset(wait)
	}
}

// try sends the pending state and returns how long to wait before the next try.
func (w *webhook) try(ctx context.Context, d *delivery) time.Duration {
	err := w.send(ctx, d.state)
	if err == nil {
		d.sent, d.known, d.pending = keyOf(d.state), true, false
		w.report.healthy("last sent at " + clock())
		return never
	}
	if ctx.Err() != nil {
		return never // stopped while it was sending
	}
	d.known = false
	d.failures++
	d.pending = d.failures < webhookTries
	again, fix := d.pauses.NextBackOff(), "check [webhook] url, and that its server runs"
	var refused *refusedError
	var wait *waitError
	var secret *secretError
	switch {
	case errors.As(err, &secret):
		fix = secretFix
	case errors.As(err, &refused):
		d.pending, fix = false, refused.fix
	case errors.Is(err, errUnencrypted):
		d.pending, fix = false, "use https in [webhook] url"
	case errors.As(err, &wait):
		if wait.pause > 0 {
			again = min(wait.pause, maxPause)
		}
		if wait.pause > 0 || wait.status == http.StatusTooManyRequests {
			d.notBefore = time.Now().Add(again).Round(0)
		}
	}
	w.report.failing(err, fix)
	if !d.pending {
		return never
	}
	return again
}

// refusedError is an answer that stays the same however often the request is
// repeated.
type refusedError struct{ text, fix string }

func (e *refusedError) Error() string { return e.text }

// waitError is an answer that may change later: after pause, or, if that is
// zero, after a pause of our own choice.
type waitError struct {
	status int
	pause  time.Duration
}

func (e *waitError) Error() string { return fmt.Sprintf("the server answers %d", e.status) }

// send posts s once.
func (w *webhook) send(ctx context.Context, s control.State) error {
	secret, err := readSecret(ctx, "signing secret", w.Secret)
	if err != nil {
		return err
	}
	body, err := encode(s, w.Account)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return &refusedError{"the address is not a URL", "correct [webhook] url"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "heliograph")
	if len(secret) > 0 {
		at := strconv.FormatInt(time.Now().Unix(), 10)
		req.Header.Set("X-Heliograph-Timestamp", at)
		req.Header.Set("X-Heliograph-Signature", sign(secret, at, body))
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	// The answer's text means nothing to us; a server whose answer is not read
	// may report a broken connection. After a change of protocols the body is the
	// connection itself, whose silence no deadline of the request ends.
	if resp.StatusCode != http.StatusSwitchingProtocols {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	}
	return checkAnswer(resp)
}

// sign returns the value of X-Heliograph-Signature.
func sign(secret []byte, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// withoutURL removes the URL from a client's error: its path may hold a token.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("the server was not reached: %w", withoutAddresses(err))
}

// checkAnswer returns nil if the receiver took the state.
func checkAnswer(resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusTooManyRequests, code >= 500:
		return &waitError{code, retryafter.Parse(resp.Header.Get("Retry-After"), time.Now())}
	case code >= 300 && code < 400:
		return &refusedError{fmt.Sprintf("the server answers %d: it has moved", code), "redirects are not followed: put the final address into [webhook] url"}
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return &refusedError{fmt.Sprintf("the server answers %d", code), "give both sides the same secret: heliograph secret set webhook"}
	default:
		return &refusedError{fmt.Sprintf("the server answers %d", code), "check [webhook] url, and what its server expects"}
	}
}
