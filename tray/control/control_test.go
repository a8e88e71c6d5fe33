package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// newDir returns a folder for a socket. A socket's path has room for about a
// hundred bytes, which t.TempDir can exceed.
func newDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "helio")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// newServer serves h in a new folder until the test ends.
func newServer(t testing.TB, h Handler) (*Server, string) {
	t.Helper()
	dir := newDir(t)
	s, err := Listen(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(context.Background(), h)
	t.Cleanup(s.Close)
	return s, dir
}

// echo answers "echo" with its arguments and "log" with 0, 1 and 2.
func echo(_ context.Context, r Request, reply func(any) error) error {
	var in struct{ Text string }
	if err := r.Decode(&in); err != nil {
		return err
	}
	switch r.Verb {
	case "echo":
		return reply(in)
	case VerbLog:
		for i := range 3 {
			if err := reply(i); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("unknown verb %q", r.Verb)
}

func TestCall(t *testing.T) {
	_, dir := newServer(t, echo)
	var out struct{ Text string }
	if err := Call(t.Context(), dir, "echo", map[string]string{"Text": "ü\n"}, &out); err != nil || out.Text != "ü\n" {
		t.Errorf("%q, %v", out.Text, err)
	}
	if err := Call(t.Context(), dir, "sing", nil, nil); err == nil || !strings.Contains(err.Error(), `unknown verb "sing"`) {
		t.Errorf("got %v", err)
	}
	if err := Call(t.Context(), dir, "echo", map[string]int{"Txet": 1}, nil); err == nil || !strings.Contains(err.Error(), "Txet") {
		t.Errorf("got %v", err)
	}
}

// TestFollow gets each answer in order, then the end of the connection.
func TestFollow(t *testing.T) {
	_, dir := newServer(t, echo)
	var got []int
	err := Follow(t.Context(), dir, VerbLog, nil, func(n int) error {
		got = append(got, n)
		return nil
	})
	if !errors.Is(err, io.EOF) || fmt.Sprint(got) != "[0 1 2]" {
		t.Errorf("%v, %v", got, err)
	}
	enough := errors.New("enough")
	if err := Follow(t.Context(), dir, VerbLog, nil, func(int) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
}

func TestOneInstance(t *testing.T) {
	_, dir := newServer(t, echo)
	if _, err := Listen(dir, nil); !errors.Is(err, ErrRunning) {
		t.Errorf("a second instance got %v", err)
	}
	checkPrivate(t, dir)
}

func TestStaleSocketIsReplaced(t *testing.T) {
	dir := newDir(t)
	if err := Call(t.Context(), dir, "echo", nil, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("without a socket: %v", err)
	}
	leaveStaleSocket(t, dir)
	if err := Call(t.Context(), dir, "echo", nil, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("with a stale socket: %v", err)
	}
	s, err := Listen(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

// TestSecondRequestOnALineIsAnError: what follows a request is not dropped
// silently.
func TestSecondRequestOnALineIsAnError(t *testing.T) {
	_, dir := newServer(t, echo)
	conn, secret, err := dial(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	req, err := json.Marshal(Request{Version: Version, Verb: "echo", Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "%s %s\n", req, req); err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.NewDecoder(conn).Decode(&a); err != nil || a.OK || !strings.Contains(a.Error, "something follows") {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestQuitReturnsWhenTheSocketIsFree starts the next instance right after each
// quit, as `heliograph quit && heliograph` does.
func TestQuitReturnsWhenTheSocketIsFree(t *testing.T) {
	dir := newDir(t)
	want := QuitReply{Left: []Left{{What: LeftSession, Presence: &Pair{"Busy", "InACall"}, Until: time.Date(2026, 3, 25, 4, 5, 0, 0, time.UTC)}}}
	for range 30 {
		s, err := Listen(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, quit := context.WithCancel(t.Context())
		s.Serve(ctx, func(_ context.Context, r Request, reply func(any) error) error {
			if r.Verb != VerbQuit {
				return errors.New("unexpected verb")
			}
			defer quit()
			return reply(want)
		})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			<-ctx.Done()
			s.Close()
		}()
		got, err := Quit(t.Context(), dir)
		if err != nil || got.Cleared || len(got.Left) != 1 || *got.Left[0].Presence != *want.Left[0].Presence || !got.Left[0].Until.Equal(want.Left[0].Until) {
			t.Fatalf("%+v, %v", got, err)
		}
		next, err := Listen(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		next.Close()
		<-ended
	}
}

// TestQuitGoesOnWithoutItsClient: the request to quit counts although its
// client disconnects, as after Ctrl-C.
func TestQuitGoesOnWithoutItsClient(t *testing.T) {
	asked, left, result := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	_, dir := newServer(t, func(ctx context.Context, _ Request, _ func(any) error) error {
		close(asked)
		<-left
		result <- ctx.Err()
		return nil
	})
	c, err := dialAndSend(t.Context(), dir, VerbQuit, nil)
	if err != nil {
		t.Fatal(err)
	}
	<-asked
	c.close()
	close(left)
	if err := <-result; err != nil {
		t.Errorf("the handler's context has ended: %v", err)
	}
}

// TestLineReaderContinuesAfterADeadline: a follower's deadline may fall into
// the middle of a line.
func TestLineReaderContinuesAfterADeadline(t *testing.T) {
	server, client := net.Pipe()
	defer server.Close()
	defer client.Close()
	r := newLineReader(client)
	go func() { _, _ = io.WriteString(server, "first ha") }()
	if _, err := r.in.Peek(len("first ha")); err != nil {
		t.Fatal(err)
	}
	if err := client.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.next(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	if err := client.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(server, "lf\n") }()
	if line, err := r.next(); string(line) != "first half\n" || err != nil {
		t.Errorf("%q, %v", line, err)
	}
}

func TestLineReaderIsBounded(t *testing.T) {
	r := newLineReader(strings.NewReader(strings.Repeat("x", maxLine+bufio.MaxScanTokenSize)))
	if _, err := r.next(); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("got %v", err)
	}
}

// FuzzRequest holds the law that every line gets one answer, and an error for
// everything that is not a request.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"version":1,"verb":"echo","args":{"Text":"x"}}`))
	f.Add([]byte(`{"version":2,"verb":"echo"}`))
	f.Add([]byte(`{"version":1,"verb":"echo"} {"version":1,"verb":"log"}`))
	f.Add([]byte(`[]`))
	f.Add([]byte{0, 0xff})
	_, dir := newServer(f, echo)
	f.Fuzz(func(t *testing.T, line []byte) {
		conn, _, err := dial(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write(append(line, '\n')); err != nil {
			t.Fatal(err)
		}
		var a answer
		if err := json.NewDecoder(conn).Decode(&a); err != nil {
			t.Fatalf("no answer: %v", err)
		}
		if a.OK == (a.Error != "") {
			t.Errorf("answer %+v", a)
		}
	})
}
