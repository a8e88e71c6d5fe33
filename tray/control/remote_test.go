package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

func serve(t *testing.T, h Handler) string {
	t.Helper()
	// A socket's path has room for about a hundred bytes.
	dir, err := os.MkdirTemp("", "helio")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s, err := Listen(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(t.Context(), h)
	t.Cleanup(s.Close)
	return dir
}

func echo(_ context.Context, r Request, reply func(any) error) error {
	var in struct{ Text string }
	if err := r.Decode(&in); err != nil {
		return err
	}
	switch r.Verb {
	case "echo":
		return reply(in)
	case "count":
		for i := range 3 {
			if err := reply(i); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("unknown verb %q", r.Verb)
}

func TestCallAndFollow(t *testing.T) {
	dir := serve(t, echo)
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
	var got []string
	err := Follow(t.Context(), dir, "count", nil, func(d json.RawMessage) (bool, error) {
		got = append(got, string(d))
		return len(got) < 3, nil
	})
	if err != nil || strings.Join(got, "") != "012" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestOneInstance(t *testing.T) {
	dir := serve(t, echo)
	if _, err := Listen(dir, nil); !errors.Is(err, ErrRunning) {
		t.Errorf("a second instance got %v", err)
	}
	isPrivate(t, dir)
}

func TestStaleSocketIsTakenOver(t *testing.T) {
	dir, err := os.MkdirTemp("", "helio")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := Call(t.Context(), dir, "echo", nil, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("without a socket: %v", err)
	}
	leaveStale(t, dir)
	if err := Call(t.Context(), dir, "echo", nil, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("with a stale socket: %v", err)
	}
	s, err := Listen(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

// TestOneRequestALine: what follows a request is not dropped in silence.
func TestOneRequestALine(t *testing.T) {
	dir := serve(t, echo)
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

// FuzzRequest holds the law that every line gets one answer, and an error for
// all that is no request.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"version":1,"verb":"echo","args":{"Text":"x"}}`))
	f.Add([]byte(`{"version":2,"verb":"echo"}`))
	f.Add([]byte(`{"version":1,"verb":"echo"} {"version":1,"verb":"count"}`))
	f.Add([]byte(`[]`))
	f.Add([]byte{0, 0xff})
	dir, err := os.MkdirTemp("", "helio")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { os.RemoveAll(dir) })
	s, err := Listen(dir, nil)
	if err != nil {
		f.Fatal(err)
	}
	s.Serve(f.Context(), echo)
	f.Cleanup(s.Close)
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
