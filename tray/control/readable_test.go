package control

import (
	"context"
	"errors"
	"testing"
)

// TestAnswersAreSafeToShow: names of programs and errors of services end up on a
// terminal, which a control character would move or colour. Numbers, line breaks
// and other text stay as they are.
func TestAnswersAreSafeToShow(t *testing.T) {
	_, dir := newServer(t, func(_ context.Context, r Request, reply func(any) error) error {
		if r.Verb == "fail" {
			return errors.New("no \x1b[31mservice")
		}
		return reply(map[string]any{"name": "Zo\x1b]0;om\x07 – Büro\n", "many": []string{"a\u202eb"}, "number": 9007199254740993})
	})
	var got struct {
		Name   string
		Many   []string
		Number int64
	}
	if err := Call(t.Context(), dir, "echo", nil, &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "Zo\ufffd]0;om\ufffd – Büro\n" || got.Many[0] != "a\ufffdb" || got.Number != 9007199254740993 {
		t.Errorf("%+v", got)
	}
	if err := Call(t.Context(), dir, "fail", nil, nil); err == nil || err.Error() != "no \ufffd[31mservice" {
		t.Errorf("%q", err)
	}
}
