package share

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
	plain := err != nil || u.Scheme != "https"
	t := &http.Transport{DialContext: dialer(plain).DialContext, TLSHandshakeTimeout: webhookTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		// A change is rare: a connection kept open would only wake us to close.
		DisableKeepAlives: true}
	if !plain {
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

func (w *webhook) run(ctx context.Context, states <-chan State) {
	timer := time.NewTimer(never)
	defer timer.Stop()
	var s State
	var told key
	var rest time.Time // the receiver asked to wait until then
	pending, any, failures := false, false, 0
	for open := true; open || pending; {
		select {
		case next, ok := <-states:
			if !ok {
				if open, states = false, nil; !pending {
					return
				}
				break // one last try
			}
			if any && next.key() == told {
				pending = false // it has changed back meanwhile
				continue
			}
			s, pending, failures = next, true, 0
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if wait := time.Until(rest); wait > 0 && open {
			timer.Reset(wait)
			continue
		}
		if !pending {
			continue
		}
		err := w.send(ctx, s)
		if err == nil {
			told, any, pending = s.key(), true, false
			w.report.well("last told at " + time.Now().Format("15:04:05"))
			continue
		}
		failures++
		var wait time.Duration
		wait, pending = w.failed(ctx, err, failures)
		if pending = pending && open; pending {
			var asked *askedToWait
			if errors.As(err, &asked) {
				rest = time.Now().Add(wait)
			}
			timer.Reset(wait)
		}
	}
}

// failed notes a failure, and tells whether to try again and after how long.
func (w *webhook) failed(ctx context.Context, err error, failures int) (time.Duration, bool) {
	if ctx.Err() != nil {
		return 0, false
	}
	value := fmt.Sprintf("not told since %s", time.Now().Format("15:04:05"))
	var final *refusal
	if errors.As(err, &final) {
		w.report.ill(value, err, final.fix)
		return 0, false
	}
	var asked *askedToWait
	again := pause(failures)
	if errors.As(err, &asked) && asked.wait > 0 {
		again = min(asked.wait, retryMost)
	}
	fix := "check [webhook] url, and that its server runs"
	if errors.Is(err, errOpenRoad) {
		w.report.ill(value, err, "use https in [webhook] url")
		return 0, false
	}
	w.report.ill(value, err, fix)
	return again, failures < webhookTries
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
	return fmt.Errorf("the server was not reached: %w", err)
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
