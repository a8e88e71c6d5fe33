package control

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"heliograph/detect/readable"
)

// FuzzReply: whatever answers at the socket in place of heliograph, the client
// gets a state whose texts are safe to show, or an error.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{`{"ok":true,"data":{"version":"1","choice":{"status":"auto"}}}`, `{"ok":false,"error":"no\u001b[31m"}`, `{"ok":true,"data":[]}`, `{}`, `[]`, "null",
		`{"ok":true,"data":{"account":"\u001b]0;x\u0007"}}`, `{"ok":true,"data":1e999}`, `{"ok":true,"data":{"version":1}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		c := &connection{ctx: context.Background(), in: newLineReader(bytes.NewReader(append(reply, '\n')))}
		var s State
		if err := c.receive(&s); err != nil {
			return
		}
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("%q is read as what cannot be written: %v", reply, err)
		}
		var texts any
		if err := json.Unmarshal(raw, &texts); err != nil {
			t.Fatal(err)
		}
		each(texts, func(text string) {
			if readable.Text(text) != text {
				t.Errorf("%q holds %q", reply, text)
			}
		})
	})
}

// each calls f for every text of a JSON value.
func each(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case []any:
		for _, e := range v {
			each(e, f)
		}
	case map[string]any:
		for _, e := range v {
			each(e, f)
		}
	}
}
