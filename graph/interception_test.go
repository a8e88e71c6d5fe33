package graph

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// issuer makes certificates; only the first issuer of a test is trusted.
type issuer struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	c := &issuer{t: t}
	c.cert, c.key = c.sign(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, time.Hour)
	return c
}

// sign makes a certificate that ends after a while. It signs itself if this issuer
// has no certificate yet.
func (c *issuer) sign(template *x509.Certificate, ends time.Duration) (*x509.Certificate, *ecdsa.PrivateKey) {
	c.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.Subject = pkix.Name{CommonName: "heliograph test"}
	template.NotBefore, template.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(ends)
	parent, signer := c.cert, c.key
	if parent == nil {
		parent, signer = template, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		c.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		c.t.Fatal(err)
	}
	return cert, key
}

// server returns the certificate of a server.
func (c *issuer) server(ends time.Duration, names ...string) tls.Certificate {
	cert, key := c.sign(&x509.Certificate{DNSNames: names, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, ends)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

var bothNames = []string{"login.heliograph.test", "graph.heliograph.test"}

// tlsRoute is a route over TLS, whose server has the certificate that is set; every
// name leads to it.
type tlsRoute struct {
	*route
	cert     atomic.Pointer[tls.Certificate]
	requests atomic.Int32
}

func newTLSRoute(t *testing.T, trusted *issuer) *tlsRoute {
	t.Helper()
	r := &tlsRoute{route: newRoute(t)}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		r.requests.Add(1)
		r.serve(w, in)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it sees the handshakes fail
	srv.TLS = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return r.cert.Load(), nil }}
	good := trusted.server(time.Hour, bothNames...)
	r.cert.Store(&good)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	srv.TLS.Certificates = nil // httptest's own, which StartTLS has added
	roots := x509.NewCertPool()
	roots.AddCert(trusted.cert)
	tr := newTransport()
	tr.TLSClientConfig = &tls.Config{RootCAs: roots}
	tr.DisableKeepAlives = true // each exchange meets the present certificate
	tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, srv.Listener.Addr().String())
	}
	r.account.http.Transport = guard{tr, &held{}}
	return r
}

// TestTLSInterception: no request goes through a certificate that is not
// Microsoft's, and a person learns that the network is to blame.
func TestTLSInterception(t *testing.T) {
	trusted, unknown := newIssuer(t), newIssuer(t)
	r := newTLSRoute(t, trusted)
	r.works("nothing")
	self := &issuer{t: t}
	selfCert, selfKey := self.sign(&x509.Certificate{DNSNames: bothNames}, time.Hour)
	for name, cert := range map[string]tls.Certificate{
		"another host's":      trusted.server(time.Hour, "portal.example"),
		"of a name like ours": trusted.server(time.Hour, "graph.heliograph.test.portal.example", "login.heliograph.test.portal.example"),
		"without a name":      trusted.server(time.Hour),
		"expired":             trusted.server(-time.Minute, bothNames...),
		"an unknown issuer's": unknown.server(time.Hour, bothNames...),
		"self-signed":         {Certificate: [][]byte{selfCert.Raw}, PrivateKey: selfKey},
	} {
		r.cert.Store(&cert)
		before := r.requests.Load()
		r.tryAll("a certificate that is " + name)
		if n := r.requests.Load() - before; n != 0 {
			t.Errorf("%d requests went through a certificate that is %s", n, name)
		}
	}
	good := trusted.server(time.Hour, bothNames...)
	r.cert.Store(&good)
	r.works("the interception")
}

// TestMisbehavingProxies: whatever a proxy answers instead of connecting, it gets
// no request and no token.
func TestMisbehavingProxies(t *testing.T) {
	trusted := newIssuer(t)
	r := newTLSRoute(t, trusted)
	strange := newIssuer(t).server(time.Hour, bothNames...)
	var got received
	for name, play := range map[string]func(net.Conn){
		"says nothing":         silence,
		"closes":               func(net.Conn) {},
		"resets":               reset,
		"asks for a password":  says("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"),
		"forbids with a page":  says("HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n" + page),
		"redirects":            says("HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n"),
		"is overloaded":        says("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 9999999\r\nContent-Length: 0\r\n\r\n"),
		"has a page with 200":  says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"),
		"connects, closes":     says("HTTP/1.1 200 Connection established\r\n\r\n"),
		"connects, is silent":  func(conn net.Conn) { says("HTTP/1.1 200 OK\r\n\r\n")(conn); silence(conn) },
		"speaks garbage":       says("\x00\x01\x02\xff\r\n\r\n"),
		"has a long header":    says("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*maxHeader) + "\r\n\r\n"),
		"drips":                func(conn net.Conn) { dripOn(conn, "HTTP/1.1 200 OK\r\nX: x") },
		"connects to somebody": func(conn net.Conn) { connects(conn, strange, &got) },
	} {
		proxy := proxyThat(t, play, &got)
		tr := r.account.http.Transport.(guard).next.(*http.Transport).Clone()
		tr.DialContext = nil
		tr.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse("http://user:a%20password@" + proxy) }
		kept := r.account.http.Transport
		r.account.http.Transport = guard{tr, &held{}}
		before, texts := r.requests.Load(), []string(nil)
		for len(texts) == 0 { // on a busy computer none may have got so far in time
			r.tryAll("a proxy that " + name)
			texts = got.take()
		}
		for _, text := range texts {
			leaks := slices.ContainsFunc([]string{"Bearer", "refresh_token", "grant_type", "availability"}, func(s string) bool { return strings.Contains(text, s) })
			if leaks || text != "" && !strings.HasPrefix("CONNECT ", text[:min(len(text), 8)]) {
				t.Errorf("a proxy that %s received %.500q", name, text)
			}
		}
		if n := r.requests.Load() - before; n != 0 {
			t.Errorf("%d requests reached the server although its proxy %s", n, name)
		}
		r.account.http.Transport = kept
	}
	r.works("the proxies")
}

func says(text string) func(net.Conn) {
	return func(conn net.Conn) { _, _ = io.WriteString(conn, text) }
}

// connects answers CONNECT, and then as a server of its own.
func connects(conn net.Conn, cert tls.Certificate, got *received) {
	says("HTTP/1.1 200 OK\r\n\r\n")(conn)
	inner := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
	defer inner.Close()
	if req, err := http.ReadRequest(bufio.NewReader(inner)); err == nil {
		got.begin().add("decrypted: " + req.URL.Path)
	}
}

// received holds all that reached a proxy, one text for each connection.
type received struct {
	mu    sync.Mutex
	texts []*strings.Builder
}

// part is what one connection received.
type part struct {
	of   *received
	text *strings.Builder
}

func (r *received) begin() part {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := part{r, &strings.Builder{}}
	r.texts = append(r.texts, p.text)
	return p
}

func (p part) add(text string) {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	p.text.WriteString(text)
}

// take returns the texts since the last call.
func (r *received) take() (texts []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.texts {
		texts = append(texts, b.String())
	}
	r.texts = nil
	return texts
}

// recorded is a connection of which everything that is read is kept.
type recorded struct {
	net.Conn
	part
}

func (c recorded) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.add(string(b[:n]))
	return n, err
}

// SetLinger lets reset do what it does with a connection that is not recorded.
func (c recorded) SetLinger(seconds int) error { return c.Conn.(*net.TCPConn).SetLinger(seconds) }

// proxyThat listens, reads the header of the first request of each connection and
// calls play. Whatever it reads is in got.
func proxyThat(t *testing.T, play func(net.Conn), got *received) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			raw, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer raw.Close()
				conn := recorded{raw, got.begin()}
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					play(conn)
				}
			}()
		}
	}()
	return ln.Addr().String()
}
