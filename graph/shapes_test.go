package graph

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"heliograph/graph/presence"
)

// TestErrorShapesSeenInPublic gives the client every error answer of Graph that
// was reported in public, with the ids filled in.
func TestErrorShapesSeenInPublic(t *testing.T) {
	raw, err := os.ReadFile("emu/testdata/graph-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	const id = "17074a05-80fd-411d-ab30-22618759a3b5"
	var v struct {
		Shapes []struct {
			Status  int
			Source  string
			Headers map[string]string
			Body    json.RawMessage
		} `json:"error_shapes"`
	}
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(raw), "<guid>", id)), &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Shapes) < 7 {
		t.Fatalf("only %d shapes", len(v.Shapes))
	}
	for _, shape := range v.Shapes {
		header := []string{"Content-Type", "application/json"}
		for k, value := range shape.Headers {
			if !strings.EqualFold(k, "transfer-encoding") {
				header = append(header, k, value)
			}
		}
		s := &scripted{answers: []func(http.ResponseWriter){answer(shape.Status, string(shape.Body), header...)}}
		err := s.client(t).SetPresence(t.Context(), presence.Away, time.Hour)
		var in struct{ Error struct{ Code string } }
		if shape.Body != nil && json.Unmarshal(shape.Body, &in) != nil {
			t.Fatalf("%s: %s", shape.Source, shape.Body)
		}
		var e *Error
		switch {
		case !errors.As(err, &e) || e.Status != shape.Status || e.Code != in.Error.Code:
			t.Errorf("%s: %v", shape.Source, err)
		case shape.Body != nil && e.RequestID != id:
			t.Errorf("%s: request id %q", shape.Source, e.RequestID)
		case (shape.Headers["Retry-After"] != "") != (e.Wait > 0):
			t.Errorf("%s: waits %s", shape.Source, e.Wait)
		case s.calls != 1 && !e.token(), s.calls > 2: // a refused token is worth one refresh
			t.Errorf("%s: %d calls", shape.Source, s.calls)
		}
		if w := Explain(err); w.Key == "network" || len(w.Args) != adviceKeys[w.Key] {
			t.Errorf("%s: explained as %+v", shape.Source, w)
		}
	}
}
