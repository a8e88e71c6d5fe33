package outlets

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/build/wait"
	"heliograph/tray/control"
)

// receiver is a server without a network: it keeps the requests and answers
// them with answer.
type receiver struct {
	mu     sync.Mutex
	got    []control.State
	when   []time.Time
	header []http.Header
	body   [][]byte
	answer func(n int) (*http.Response, error) // nil: 204
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var s control.State
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	r.got, r.when, r.header, r.body = append(r.got, s), append(r.when, time.Now()), append(r.header, req.Header), append(r.body, raw)
	if r.answer != nil {
		return r.answer(len(r.got))
	}
	return status(204), nil
}

func status(code int) *http.Response {
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: http.NoBody}
}

// rules returns the rules of the states that arrived, in order.
func (r *receiver) rules() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var s []string
	for _, g := range r.got {
		s = append(s, g.Reason.Rule)
	}
	return strings.Join(s, " ")
}

// newReceiver starts a hub whose webhook posts to r.
func newReceiver(t *testing.T, o Webhook, r *receiver) (*Hub, *buffer) {
	t.Helper()
	log, out := logger()
	w := newWebhook(o)
	w.client.Transport = r
	w.report = newReport(log, "webhook", w.host())
	h := New(Options{Log: log})
	ctx, cancel := context.WithCancel(context.Background())
	h.start(ctx, w.report, w.run)
	h.cancel = cancel
	t.Cleanup(func() { h.Close(t.Context()) })
	return h, out
}

const hookURL = "https://hooks.example/token-in-path"

func TestWebhookIsSigned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		h, _ := newReceiver(t, Webhook{URL: hookURL, Secret: func(context.Context) ([]byte, error) { return []byte("s3cret"), nil }}, r)
		h.Publish(inCall())
		synctest.Wait()
		if r.rules() != "call" || r.header[0].Get("Content-Type") != "application/json" {
			t.Fatalf("got %+v, %v", r.got, r.header)
		}
		checkState(t, r.body[0], inCall(), false)
		stamp := r.header[0].Get("X-Heliograph-Timestamp")
		mac := hmac.New(sha256.New, []byte("s3cret"))
		mac.Write(append([]byte(stamp+"."), r.body[0]...))
		if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); r.header[0].Get("X-Heliograph-Signature") != want || stamp == "" {
			t.Errorf("header %v, want %s", r.header[0], want)
		}
		if p := h.Parts()[0]; p.Backend != "hooks.example" || p.Problem != "" {
			t.Errorf("%+v", p)
		}
	})
}

func TestWebhookWithoutSecretAndWithAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		h, _ := newReceiver(t, Webhook{URL: hookURL, Account: true, Secret: func(context.Context) ([]byte, error) { return nil, nil }}, r)
		h.Publish(inCall())
		synctest.Wait()
		if r.rules() != "call" || r.header[0].Get("X-Heliograph-Signature") != "" {
			t.Fatalf("got %+v, %v", r.got, r.header)
		}
		checkState(t, r.body[0], inCall(), true)
	})
}

// TestWebhookWaitsForItsSecret sends nothing unsigned while the keyring is
// locked.
func TestWebhookWaitsForItsSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		opened := time.Now().Add(time.Minute)
		h, out := newReceiver(t, Webhook{URL: hookURL, Secret: func(context.Context) ([]byte, error) {
			if time.Now().Before(opened) {
				return nil, errors.New("keyring is locked")
			}
			return []byte("s"), nil
		}}, r)
		h.Publish(inCall())
		synctest.Wait()
		if p := h.Parts()[0]; !strings.Contains(p.Problem, "keyring is locked") || p.Fix != secretFix || r.rules() != "" {
			t.Errorf("%+v, %s", p, r.rules())
		}
		pass(3 * time.Minute)
		if p := h.Parts()[0]; p.Problem != "" || r.rules() != "call" || r.header[0].Get("X-Heliograph-Signature") == "" {
			t.Errorf("%+v, %s", p, r.rules())
		}
		if n := strings.Count(out.String(), "WARN"); n != 1 {
			t.Errorf("%d warnings:\n%s", n, out)
		}
	})
}

func TestWebhookRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int) (*http.Response, error) {
			switch {
			case n == 1:
				return nil, errors.New("connection refused")
			case n < 5:
				return status(503), nil
			}
			return status(200), nil
		}}
		h, out := newReceiver(t, Webhook{URL: hookURL}, r)
		h.Publish(available())
		pass(time.Hour)
		if r.rules() != "input input input input input" || h.Parts()[0].Problem != "" {
			t.Fatalf("%s, %+v", r.rules(), h.Parts()[0])
		}
		for i, whole := 1, time.Second; i < 5; i, whole = i+1, 2*whole {
			if d := r.when[i].Sub(r.when[i-1]); d < whole/2 || d > whole {
				t.Errorf("pause %d was %s", i, d)
			}
		}
		if strings.Contains(out.String(), "token-in-path") {
			t.Errorf("the address was logged: %s", out)
		}
	})
}

func TestWebhookGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(int) (*http.Response, error) { return status(500), nil }}
		h, _ := newReceiver(t, Webhook{URL: hookURL}, r)
		h.Publish(available())
		pass(24 * time.Hour)
		if n := len(strings.Fields(r.rules())); n != webhookTries {
			t.Errorf("%d tries in a day", n)
		}
		h.Publish(inCall())
		synctest.Wait()
		if !strings.HasSuffix(r.rules(), "input call") {
			t.Errorf("a new state was not tried: %s", r.rules())
		}
	})
}

// TestWebhookSendsTheNewest has the state change back while the change waits for
// its next try. The try may have reached the receiver although it failed, so it
// is sent again what it got before.
func TestWebhookSendsTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int) (*http.Response, error) {
			if n == 2 {
				return nil, errors.New("connection reset")
			}
			return status(200), nil
		}}
		h, _ := newReceiver(t, Webhook{URL: hookURL}, r)
		h.Publish(available())
		synctest.Wait()
		h.Publish(inCall())
		synctest.Wait()
		h.Publish(available())
		pass(time.Hour)
		if r.rules() != "input call input" {
			t.Errorf("received %s", r.rules())
		}
	})
}

// TestWebhookSkipsWhatTheReceiverHas has the state change and change back while a
// request is under way.
func TestWebhookSkipsWhatTheReceiverHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := make(chan struct{})
		r := &receiver{answer: func(int) (*http.Response, error) { <-slow; return status(200), nil }}
		h, _ := newReceiver(t, Webhook{URL: hookURL}, r)
		h.Publish(available())
		synctest.Wait()
		h.Publish(inCall())
		h.Publish(available())
		close(slow)
		pass(time.Hour)
		if r.rules() != "input" {
			t.Errorf("received %s", r.rules())
		}
	})
}

func TestWebhookObeysRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int) (*http.Response, error) {
			if n > 1 {
				return status(200), nil
			}
			resp := status(429)
			resp.Header.Set("Retry-After", "120")
			return resp, nil
		}}
		h, _ := newReceiver(t, Webhook{URL: hookURL}, r)
		h.Publish(available())
		pass(time.Minute)
		h.Publish(inCall()) // a change does not end a pause that was asked for
		pass(time.Hour)
		if r.rules() != "input call" || r.when[1].Sub(r.when[0]) != 2*time.Minute {
			t.Errorf("received %s at %v", r.rules(), r.when)
		}
	})
}

// TestWebhookTriesAChangeAtOnce has a failing server that asks for no pause.
func TestWebhookTriesAChangeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int) (*http.Response, error) {
			if n < 8 {
				return status(500), nil
			}
			return status(200), nil
		}}
		h, _ := newReceiver(t, Webhook{URL: hookURL}, r)
		h.Publish(available())
		pass(100 * time.Second)
		tries := len(strings.Fields(r.rules()))
		h.Publish(inCall())
		synctest.Wait()
		if got := strings.Fields(r.rules()); len(got) != tries+1 || got[tries] != "call" {
			t.Errorf("after %d tries received %v", tries, got)
		}
	})
}

func TestWebhookRefusalsAreFinal(t *testing.T) {
	for code, fix := range map[int]string{301: "final address", 401: "secret set webhook", 404: "[webhook] url"} {
		synctest.Test(t, func(t *testing.T) {
			r := &receiver{answer: func(int) (*http.Response, error) {
				resp := status(code)
				resp.Header.Set("Location", "https://elsewhere.example/")
				return resp, nil
			}}
			h, _ := newReceiver(t, Webhook{URL: hookURL}, r)
			h.Publish(available())
			pass(time.Hour)
			if p := h.Parts()[0]; r.rules() != "input" || !strings.Contains(p.Fix, fix) {
				t.Errorf("%d: received %s, %+v", code, r.rules(), p)
			}
		})
	}
}

// TestCloseTriesOnceMore sends a state that has not arrived yet once more, and
// does not wait for another try.
func TestCloseTriesOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(int) (*http.Response, error) { return status(500), nil }}
		h, _ := newReceiver(t, Webhook{URL: hookURL}, r)
		h.Publish(inCall())
		began := time.Now()
		h.Close(t.Context())
		if r.rules() != "call call" || time.Since(began) > 0 {
			t.Errorf("received %s in %s", r.rules(), time.Since(began))
		}
	})
}

// TestWebhookOverTheNetwork posts to a real server: http to loopback is allowed,
// and a redirect is not followed.
func TestWebhookOverTheNetwork(t *testing.T) {
	got := make(chan string, 4)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Method + " " + r.URL.Path
		http.Redirect(w, r, "/else", http.StatusFound)
	}))
	defer server.Close()
	h := New(Options{Webhook: Webhook{URL: server.URL + "/hook"}})
	defer h.Close(t.Context())
	h.Publish(available())
	wait.Until(t, "the redirect is refused", func() bool { return strings.Contains(h.Parts()[0].Fix, "final address") })
	if line := <-got; line != "POST /hook" || len(got) != 0 {
		t.Errorf("got %s, and %d more", line, len(got))
	}
}

func TestUnencryptedIsRefused(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:80": true, "10.1.2.3:1": true, "192.168.0.1:1": true, "172.31.0.1:1": true, "[fd12::1]:1": true, "[fe80::1%eth0]:1": true,
		"[::ffff:10.0.0.1]:1": true, "8.8.8.8:80": false, "[2001:db8::1]:80": false, "[::ffff:8.8.8.8]:1": false, "172.32.0.1:1": false, "x": false, "": false,
	} {
		if got := checkPrivate(address) == nil; got != want {
			t.Errorf("checkPrivate(%q) allows it: %v", address, got)
		}
	}
	// The address is refused before anything is sent to it.
	h := New(Options{Webhook: Webhook{URL: "http://192.0.2.1/"}})
	defer h.Close(t.Context())
	h.Publish(available())
	wait.Until(t, "it is refused", func() bool { return strings.Contains(h.Parts()[0].Fix, "https") })
}

func TestErrorsWithoutAddressesAreOneText(t *testing.T) {
	at := func(port int) error {
		return &net.OpError{Op: "read", Net: "tcp", Source: &net.TCPAddr{Port: port}, Addr: &net.TCPAddr{Port: 1883}, Err: io.ErrUnexpectedEOF}
	}
	if a, b := withoutAddresses(at(40001)), withoutAddresses(fmt.Errorf("again: %w", at(40002))); a.Error() != "read: unexpected EOF" || a.Error() != b.Error() || !errors.Is(a, io.ErrUnexpectedEOF) {
		t.Errorf("%v, %v", a, b)
	}
	lookup := &net.DNSError{Name: "broker.example", Err: "read udp 127.0.0.1:40001->127.0.0.53:53: i/o timeout"}
	if got := withoutAddresses(&net.OpError{Op: "dial", Err: lookup}).Error(); got != "the name broker.example could not be looked up" {
		t.Error(got)
	}
	lookup.IsNotFound = true
	if got := withoutAddresses(lookup).Error(); got != "there is no host named broker.example" {
		t.Error(got)
	}
	if err := withoutAddresses(errUnencrypted); err != errUnencrypted {
		t.Error(err)
	}
}
