package emu

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorded is one request of an official client, as build/sdk/run -r saw it.
type recorded struct {
	Method, Path string
	Headers      map[string]string
	Body         []byte
	Status       int
}

func recording(t *testing.T, path string) []recorded {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []recorded
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	if lines.Err() != nil || len(out) == 0 {
		t.Fatalf("%d requests, %v", len(out), lines.Err())
	}
	return out
}

// TestOfficialClients sends what Microsoft's own clients sent, byte for byte,
// and expects the answers that they accepted.
func TestOfficialClients(t *testing.T) {
	files, err := filepath.Glob("testdata/sdk/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			s := New(Options{})
			base := httptestURL(t, s)
			// The recorded Go client was challenged because its session was revoked.
			person, err := s.IssueToken(TokenRequest{Scopes: []string{"Presence.ReadWrite", "Presence.Read.All"}})
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range recording(t, file) {
				if r.Status == 429 || r.Status == 503 {
					if err := s.AddFault(Fault{Status: r.Status, RetryAfter: 1, Times: 1}); err != nil {
						t.Fatal(err)
					}
				}
				token := person
				if r.Status == 401 && !strings.Contains(r.Path, OtherID) {
					token = authFor(t, s, "revoked")
				}
				delete(r.Headers, "content-length")
				status, text, h := client{t, base, token}.do(r.Method, r.Path, r.Body, r.Headers)
				if status != r.Status {
					t.Errorf("request %d, %s %s %s: %d, the client got %d: %s", i+1, r.Method, r.Path, r.Body, status, r.Status, text)
				}
				// The JavaScript client fails on an empty answer that claims to be JSON.
				if text == "" && h.Get("Content-Type") != "" {
					t.Errorf("request %d: an empty answer has the Content-Type %s", i+1, h.Get("Content-Type"))
				}
			}
		})
	}
}
