package graph

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// newHTTP returns the client of every request that carries a secret: MSAL's to
// Entra and ours to Graph.
func newHTTP(next http.RoundTripper) *http.Client {
	return &http.Client{Transport: guard{next, &held{}}, Timeout: callTimeout}
}

// maxAnswer bounds an answer after decompression, in bytes; each of Microsoft's
// that heliograph asks for has a few thousand.
const maxAnswer = 1 << 20

// maxHeader bounds the header of an answer, in bytes; Graph's has 2 KB.
const maxHeader = 64 << 10

// redirectError reports an answer that sends a request to another address.
// Neither Entra nor Graph redirects the calls that heliograph makes; a hotspot's
// sign-in page does, and so would an attacker who wants the tokens.
type redirectError struct {
	Host   string // that answered
	Status int    // 301, 302, 303, 307 or 308
}

// Error leaves out where the redirect leads: that text comes from outside and
// could repeat a secret of the request.
func (e *redirectError) Error() string {
	return fmt.Sprintf("%s answers with a redirect (%d), which is not followed: tokens are sent to no other address", e.Host, e.Status)
}

// guard is between every request that carries a secret and the network.
//
//   - It refuses redirects before http.Client sees them: http.Client resends the
//     body of a POST after a 307 or 308 to whatever host is named, and the
//     Authorization header to sub-domains, other ports and plain http.
//   - It bounds each answer; MSAL would read one of any length into memory.
//   - Nothing that an answer quotes of our secrets gets past it.
//   - An answer to MSAL that says "success" and is not Entra's is an error.
type guard struct {
	next http.RoundTripper
	held *held
}

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	g.held.note(r)
	resp, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, g.quotable(err)
	}
	switch resp.StatusCode {
	case http.StatusSwitchingProtocols:
		resp.Body.Close() // it is the connection, whose reads no deadline of the request ends
		return nil, errGarbled
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		resp.Body.Close()
		return nil, &redirectError{Host: r.URL.Host, Status: resp.StatusCode}
	}
	resp.Body = &bounded{body: resp.Body, left: maxAnswer}
	success := resp.StatusCode >= 200 && resp.StatusCode < 300
	switch {
	case !success:
		g.held.clean(resp)
	case r.Header.Get("Authorization") == "": // MSAL's
		return entraSuccess(resp)
	}
	return resp, nil
}

// entraSuccess returns an answer to MSAL, or an error if it is not one of
// Entra's: MSAL's own error could not be told from a refusal by Entra, and its
// text would quote the answer.
func entraSuccess(resp *http.Response) (*http.Response, error) {
	raw, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	var in struct {
		Token  string `json:"access_token"`
		Device string `json:"device_code"`
		// Those of openid-configuration and of the list of clouds.
		Endpoint string `json:"token_endpoint"`
		Tenant   string `json:"tenant_discovery_endpoint"`
	}
	if json.Unmarshal(raw, &in) != nil || in.Token+in.Device+in.Endpoint+in.Tenant == "" {
		return nil, errNotEntra
	}
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	return resp, nil
}

// bounded is a body that fails after so many bytes. Its errors quote nothing.
type bounded struct {
	body io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	if int64(n) > b.left {
		n, b.left = int(b.left), 0
		return n, errTooLong
	}
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		err = plainCause(err)
	}
	return n, err
}

func (b *bounded) Close() error { return b.body.Close() }

// quotable returns an error of the transport without what it quotes of the
// secrets; a certificate, for one, may hold any text as its names.
func (g guard) quotable(err error) error {
	cause := plainCause(err)
	text := g.held.hide(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, cause.Error()))
	if len(text) > maxCause {
		text = strings.ToValidUTF8(text[:maxCause], "") + "…"
	}
	if text == cause.Error() {
		return cause
	}
	return &quotedError{text, cause}
}

// maxCause bounds the text of a transport's error, in bytes: it names two
// addresses and what is wrong.
const maxCause = 512

// quotedError is an error whose text was shortened.
type quotedError struct {
	text string
	err  error
}

func (e *quotedError) Error() string { return e.text }

// Unwrap returns the error itself.
func (e *quotedError) Unwrap() error { return e.err }

// plainError is an error whose text is ours, so that it is safe to show.
type plainError string

func (e plainError) Error() string { return string(e) }

const (
	// errGarbled replaces errors whose text may quote what a server has sent.
	errGarbled = plainError("the connection broke, or what answers does not speak HTTP")
	// errBadProxy leaves out the address, which may hold a password.
	errBadProxy = plainError("the address of the proxy in HTTPS_PROXY cannot be read")
	// errTooLong ends an answer of more than maxAnswer bytes.
	errTooLong = plainError("the answer is too long to be Microsoft's")
	// errNotEntra replaces a success that MSAL cannot use.
	errNotEntra = plainError("something else answered")
)

// plainCause returns the part of a transport's error that names only addresses,
// timeouts and certificates. Other texts quote the server ("malformed HTTP
// status code …"), and a hostile server may send our own tokens back.
func plainCause(err error) error {
	var (
		ours        plainError
		op          *net.OpError
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		notTLS      tls.RecordHeaderError
		timeout     net.Error
	)
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &op): // first, as it says whether a proxy was asked
		return op
	case errors.As(err, &dns):
		return dns
	case errors.As(err, &certificate):
		return certificate
	case errors.As(err, &notTLS):
		return notTLS
	}
	for _, known := range []error{context.DeadlineExceeded, context.Canceled, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known
		}
	}
	if errors.As(err, &timeout) && timeout.Timeout() {
		return context.DeadlineExceeded
	}
	return errGarbled
}

// CloseIdleConnections is called by http.Client's method of that name.
func (g guard) CloseIdleConnections() {
	if c, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// newTransport returns a transport for a program that makes two requests in
// four minutes: the pair shares a connection, which is then closed, so that
// nothing on it wakes the process in between.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			proxy, err := http.ProxyFromEnvironment(r)
			if err != nil {
				return nil, errBadProxy
			}
			return proxy, nil
		},
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode != http.StatusOK {
				return plainError(fmt.Sprintf("the proxy answers %d", resp.StatusCode))
			}
			return nil
		},
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          4,
		IdleConnTimeout:       2 * time.Second,
		TLSHandshakeTimeout:   callTimeout,
		ResponseHeaderTimeout: callTimeout,

		MaxResponseHeaderBytes: maxHeader,
	}
}

// microsoftOnly refuses every request that does not go to Microsoft over HTTPS: the
// addresses to which MSAL posts its secrets come from an answer.
type microsoftOnly struct {
	hosts map[string]bool // with the port, if there is one
	next  http.RoundTripper
}

func (t microsoftOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" || !t.hosts[r.URL.Host] {
		return nil, plainError(fmt.Sprintf("%s://%s is not an address of Microsoft: no token is sent there", r.URL.Scheme, r.URL.Host))
	}
	return t.next.RoundTrip(r)
}

// CloseIdleConnections is called by guard's method of that name.
func (t microsoftOnly) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// rewrite sends requests to the emulated cloud to an emulator's origin, and
// refuses every other host: no real token can reach an emulator, and no emulated
// one a real server.
type rewrite struct {
	origin *url.URL
	next   http.RoundTripper
}

func (t rewrite) RoundTrip(r *http.Request) (*http.Response, error) {
	host := r.URL.Scheme + "://" + r.URL.Host
	if host != emulated.Authority && host != emulated.Graph {
		return nil, plainError(fmt.Sprintf("host %s is not part of the emulator", r.URL.Host))
	}
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.Host = t.origin.Scheme, t.origin.Host, ""
	return t.next.RoundTrip(out)
}
