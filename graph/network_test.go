package graph

import (
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// TestEveryExchangeHasADeadline: ten seconds bound each exchange of both clients,
// whatever arrives in how small pieces.
func TestEveryExchangeHasADeadline(t *testing.T) {
	if c := newHTTP(newTransport()); c.Timeout != 10*time.Second {
		t.Errorf("an exchange has %s", c.Timeout)
	}
}

func TestConnectionRefused(t *testing.T) {
	r := newRoute(t)
	r.works("nothing")
	r.front.Close()
	r.tryAll("refused")
}

// TestBlackHole: what answers accepts and stays silent, before or in the middle
// of an answer.
func TestBlackHole(t *testing.T) {
	r := newRoute(t)
	r.breaks("silence", raw(silence))
	r.breaks("silence after the status", after("HTTP/1.1 200 OK\r\n", silence))
	r.breaks("another protocol", after("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", silence))
	r.breaks("silence in the body", after("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a", silence))
}

// TestDrip: an answer of one small piece after the other does not prolong the
// deadline.
func TestDrip(t *testing.T) {
	r := newRoute(t)
	r.breaks("a dripping header", drip("HTTP/1.1 200 OK\r\nX: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"))
	r.breaks("a dripping body", after("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", func(conn net.Conn) { dripOn(conn, " ") }))
}

func TestResetInTheMiddle(t *testing.T) {
	r := newRoute(t)
	r.breaks("a reset", raw(reset))
	r.breaks("a close", raw(func(net.Conn) {}))
	r.breaks("a reset in the header", after("HTTP/1.1 200 OK\r\nContent-Le", reset))
	r.breaks("a reset in the body", after("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", reset))
	r.breaks("a close in the body", after("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", func(net.Conn) {}))
	r.breaks("a chunk that breaks off", after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", func(net.Conn) {}))
	r.breaks("a chunk without a length", after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}", func(net.Conn) {}))
	r.breaks("half a zip", after("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00", func(net.Conn) {}))
	r.breaks("no zip", after("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", func(net.Conn) {}))
	r.breaks("garbage", after("\x16\x03\x01\x02\x00\x01", func(net.Conn) {}))
}

// TestLostAnswerOfAWrite: the write was done and its answer was lost: the outcome
// is unknown, and not a refusal.
func TestLostAnswerOfAWrite(t *testing.T) {
	r := newRoute(t)
	if err := r.server.AddFault(emu.Fault{Path: "/setPresence", Lose: true}); err != nil {
		t.Fatal(err)
	}
	unknownOutcome(t, "a lost answer", r.account.Client().SetPresence(t.Context(), presence.Away, time.Hour))
	if got := r.server.User("self").Shown.Availability; got != "Away" {
		t.Errorf("colleagues see %s", got)
	}
}

// TestNoNames: no name is resolved: the server says so, refuses, or is silent.
func TestNoNames(t *testing.T) {
	quiet, err := net.Listen("tcp", "127.0.0.1:0") // which accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for name, at := range map[string]string{"silent": quiet.Addr().String(), "refusing": gone.Addr().String()} {
		r := newRoute(t)
		tr := newTransport()
		resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", at)
		}}
		tr.DialContext = (&net.Dialer{Resolver: resolver}).DialContext
		r.account.http.Transport = guard{tr, &held{}}
		r.tryAll("a name server that is " + name)
	}
}

// TestPagesInPlaceOfAnswers: hotspots and filters answer with their page under any
// status, to Graph's requests and to Entra's.
func TestPagesInPlaceOfAnswers(t *testing.T) {
	r := newRoute(t)
	for _, status := range []int{200, 201, 203} {
		r.breaks("a page", func(w http.ResponseWriter, _ *http.Request) { answer(status, page, "Content-Type", "text/html")(w) })
	}
	for name, body := range map[string]string{"a portal's object": `{"login":"http://portal.example/"}`, "null": "null", "a list": "[]"} {
		r.breaks(name, func(w http.ResponseWriter, _ *http.Request) {
			answer(200, body, "Content-Type", "application/json")(w)
		})
	}
	r.bad.Store(&badRoute{"/token", func(w http.ResponseWriter, _ *http.Request) { answer(200, "{}")(w) }})
	r.tryAll("an empty object of Entra's")
	for _, status := range []int{400, 403, 404, 407, 451, 502, 503, 504, 511} {
		r.bad.Store(&badRoute{"", func(w http.ResponseWriter, _ *http.Request) { answer(status, page, "Content-Type", "text/html")(w) }})
		err := r.account.Client().SetPresence(t.Context(), presence.Away, time.Hour)
		unknownOutcome(t, "a page of Entra's", err) // which is asked first
		r.bad.Store(nil)
	}
	r.works("the pages")
}

// TestBombs: 100 MB, plain or from a small zip, and a header without end. Neither
// client reads more than a little of them.
func TestBombs(t *testing.T) {
	r := newRoute(t)
	zipped := zipOfZeros(t, 100)
	var sent atomic.Int64
	var most uint64
	pour := func(start, piece string) http.HandlerFunc {
		return raw(func(conn net.Conn) {
			sent.Store(0)
			block := []byte(strings.Repeat(piece, 64<<10/len(piece)))
			_, _ = io.WriteString(conn, start)
			for sent.Load() < 100<<20 {
				n, err := conn.Write(block)
				sent.Add(int64(n))
				if err != nil {
					return
				}
			}
		})
	}
	for name, bomb := range map[string]http.HandlerFunc{
		"a long text":    pour("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"access_token\":\"", "x"),
		"a long header":  pour("HTTP/1.1 200 OK\r\nX: ", "x"),
		"a long status":  pour("HTTP/1.1 200 ", "x"),
		"early hints":    pour("", "HTTP/1.1 103 Early Hints\r\nX: x\r\n\r\n"),
		"many headers":   pour("HTTP/1.1 200 OK\r\n", "X: x\r\n"),
		"a zip bomb":     func(w http.ResponseWriter, _ *http.Request) { answer(200, zipped, "Content-Encoding", "gzip")(w) },
		"a zipped error": func(w http.ResponseWriter, _ *http.Request) { answer(203, zipped, "Content-Encoding", "gzip")(w) },
	} {
		for _, path := range []string{"/presence", "/token", "/openid-configuration"} {
			a := r.account
			if path == "/openid-configuration" { // asked once, by each account
				a = r.again()
			}
			r.bad.Store(&badRoute{path, bomb})
			var before, after runtime.MemStats
			sent.Store(0)
			runtime.ReadMemStats(&before)
			err := a.Client().SetPresence(t.Context(), presence.Away, time.Hour)
			runtime.ReadMemStats(&after)
			unknownOutcome(t, name+" at "+path, err)
			// All that was allocated, freed or not, by both ends: 766 MB were seen
			// at once.
			n := after.TotalAlloc - before.TotalAlloc
			if n > 16<<20 {
				t.Errorf("%s at %s: %d MB of memory", name, path, n>>20)
			}
			most = max(most, n)
			// What the sockets of both ends hold was sent, too.
			if n := sent.Load(); n > 24<<20 {
				t.Errorf("%s at %s: %d MB were taken", name, path, n>>20)
			}
			r.bad.Store(nil)
		}
	}
	r.works("the bombs")
	t.Logf("at most %.1f MB were allocated for one", float64(most)/(1<<20))
}

// again returns another account with the same session.
func (r *route) again() *Account {
	r.t.Helper()
	a, err := Open(Config{ClientID: emu.AppID, Emulator: r.front.URL}, r.account.cache.store.vault)
	if err != nil {
		r.t.Fatal(err)
	}
	r.bad.Store(&badRoute{"", raw(reset)})
	if _, err := a.Restore(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	return a
}

// zipOfZeros returns that many MB of zeros, as one zip after the other, which is
// what decompresses to all of them.
func zipOfZeros(t *testing.T, megabytes int) string {
	t.Helper()
	var one strings.Builder
	z := gzip.NewWriter(&one)
	if _, err := z.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.Repeat(one.String(), megabytes)
}
