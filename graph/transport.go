package graph

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// newHTTP returns the client of every request that carries a secret: MSAL's to
// Entra and ours to Graph.
func newHTTP(next http.RoundTripper) *http.Client {
	return &http.Client{Transport: guard{next}, Timeout: callTimeout}
}

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

// guard refuses redirects before http.Client sees them: http.Client resends the
// body of a POST after a 307 or 308 to whatever host is named, and the
// Authorization header to sub-domains, other ports and plain http.
type guard struct{ next http.RoundTripper }

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, plainCause(err)
	}
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		resp.Body.Close()
		return nil, &redirectError{Host: r.URL.Host, Status: resp.StatusCode}
	}
	return resp, nil
}

// plainError is an error whose text is ours, so that it is safe to show.
type plainError string

func (e plainError) Error() string { return string(e) }

const (
	// errGarbled replaces errors whose text may quote what a server has sent.
	errGarbled = plainError("the connection broke, or what answers does not speak HTTP")
	// errBadProxy leaves out the address, which may hold a password.
	errBadProxy = plainError("the address of the proxy in HTTPS_PROXY cannot be read")
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
