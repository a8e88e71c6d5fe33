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
)

// Webhook is an address that gets each change as a POST with the state as JSON.
//
// With a secret the request carries X-Heliograph-Timestamp (Unix seconds) and
// X-Heliograph-Signature: "sha256=" and the hexadecimal HMAC-SHA256, under the
// secret, of the timestamp, a full stop and the body. A receiver that refuses
// old timestamps cannot be played an old message again.
type Webhook struct {
	// URL is http or https; http only to this machine or a private network.
	// It may hold a token in its path, so only its host is ever shown.
	URL string
	// Account sends the signed-in account's name along.
	Account bool
	// Secret reads the signing secret, with each request anew; none: unsigned.
	// While it fails nothing is sent. Nil: no secret.
	Secret func(context.Context) ([]byte, error)
}

// webhookTimeout bounds one request, answer included; secretTimeout one look
// into the keyring.
const (
	webhookTimeout = 10 * time.Second
	secretTimeout  = 10 * time.Second
)

// webhookTries is when a state is given up: after about a quarter of an hour a
// receiver learns more from the next change than from an old one.
const webhookTries = 10

// retryMost bounds a pause that a server may ask for.
const retryMost = 15 * time.Minute

// webhook posts one state at a time; a newer one takes its place.
type webhook struct {
	Webhook
	client *http.Client
	report *report
}

func newWebhook(o Webhook) *webhook {
	u, err := url.Parse(o.URL)
	open := err != nil || u.Scheme != "https"
	t := &http.Transport{DialContext: dialer(open).DialContext, TLSHandshakeTimeout: webhookTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		// A change is rare: a connection kept open would only wake us to close.
		DisableKeepAlives: true}
	if !open {
		t.Proxy = http.ProxyFromEnvironment
	}
	return &webhook{Webhook: o, client: &http.Client{Transport: t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (w *webhook) host() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// delivery is the state that is on its way.
type delivery struct {
	state    State
	pending  bool
	failures int
	// told is what the receiver has, while known says so: a request that failed
	// may have reached it.
	told  key
	known bool
	rest  time.Time // the receiver asked to wait until then
}

func (d *delivery) take(s State) {
	d.state, d.failures = s, 0
	d.pending = !d.known || s.key() != d.told // it may have changed back meanwhile
}

func (w *webhook) run(ctx context.Context, states <-chan State) {
	timer := time.NewTimer(never)
	defer timer.Stop()
	var d delivery
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
			if wait = time.Until(d.rest); wait <= 0 {
				wait = w.try(ctx, &d)
			}
		}
		timer.Reset(wait)
	}
}

// try sends what is pending and tells when to come again.
func (w *webhook) try(ctx context.Context, d *delivery) time.Duration {
	err := w.send(ctx, d.state)
	if err == nil {
		d.told, d.known, d.pending = d.state.key(), true, false
		w.report.well("last told at " + time.Now().Format("15:04:05"))
		return never
	}
	d.known = false
	d.failures++
	d.pending = d.failures < webhookTries && ctx.Err() == nil
	again, fix := pause(d.failures), "check [webhook] url, and that its server runs"
	var final *refusal
	var asked *askedToWait
	switch {
	case ctx.Err() != nil:
		return never // we gave it up ourselves
	case errors.As(err, &final):
		d.pending, fix = false, final.fix
	case errors.Is(err, errOpenRoad):
		d.pending, fix = false, "use https in [webhook] url"
	case errors.As(err, &asked):
		if asked.wait > 0 {
			again = min(asked.wait, retryMost)
		}
		if asked.wait > 0 || asked.status == http.StatusTooManyRequests {
			d.rest = time.Now().Add(again).Round(0)
		}
	}
	w.report.ill("not told since "+time.Now().Format("15:04:05"), err, fix)
	if !d.pending {
		return never
	}
	return again
}

// refusal is an answer that repeating cannot mend; askedToWait one that names
// a pause, or leaves it to us (zero).
type refusal struct{ text, fix string }
type askedToWait struct {
	status int
	wait   time.Duration
}

func (e *refusal) Error() string     { return e.text }
func (e *askedToWait) Error() string { return fmt.Sprintf("the server answers %d", e.status) }

// send posts s once.
func (w *webhook) send(ctx context.Context, s State) error {
	secret, err := w.secret(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	body := s.body(w.Account)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return &refusal{"the address is no URL", "correct [webhook] url"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "heliograph")
	if len(secret) > 0 {
		at := strconv.FormatInt(time.Now().Unix(), 10)
		req.Header.Set("X-Heliograph-Timestamp", at)
		req.Header.Set("X-Heliograph-Signature", signature(secret, at, body))
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return bare(err)
	}
	defer resp.Body.Close()
	// The answer's text is nobody's business; reading it lets the server end
	// in peace.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	return judge(resp)
}

func (w *webhook) secret(ctx context.Context) ([]byte, error) {
	if w.Secret == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, secretTimeout)
	defer cancel()
	secret, err := w.Secret(ctx)
	if err != nil {
		return nil, fmt.Errorf("the signing secret cannot be read: %w", err)
	}
	return secret, nil
}

// signature is the value of X-Heliograph-Signature.
func signature(secret []byte, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// bare takes the URL out of a client's error: its path may be a secret.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("the server was not reached: %w", plain(err))
}

// judge reads an answer's status.
func judge(resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusTooManyRequests, code >= 500:
		return &askedToWait{code, retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	case code >= 300 && code < 400:
		return &refusal{fmt.Sprintf("the server answers %d: it has moved", code), "redirects are not followed: put the final address into [webhook] url"}
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return &refusal{fmt.Sprintf("the server answers %d", code), "give both sides the same secret: heliograph secret set webhook"}
	default:
		return &refusal{fmt.Sprintf("the server answers %d", code), "check [webhook] url, and what its server expects"}
	}
}

// retryAfter reads a pause in seconds or as a date; zero: none.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}
