package graph

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// everyError yields errors of every shape that this package returns.
func everyError(yield func(error) bool) {
	all := []error{
		errors.New("unknown"), &credentialError{errors.New("unreadable")}, &redirectError{Host: "example.org", Status: 302},
		&SignInError{}, &SignInError{keeps: true}, &SignInError{Name: "access_denied"}, &SignInError{AADSTS: 90012345}, &SignInError{AADSTS: 90012345, keeps: true},
	}
	for _, known := range byCause {
		all = append(all, known.err, fmt.Errorf("context: %w", known.err), &SignInError{err: known.err})
	}
	for code := range byAADSTS {
		all = append(all, &SignInError{Name: "invalid_grant", AADSTS: code, Link: "https://consent.example/"})
	}
	for _, status := range []int{200, 400, 401, 403, 404, 407, 408, 409, 429, 500, 503} {
		for _, wait := range []time.Duration{0, time.Minute} {
			for _, from := range []string{"", signInServer} {
				all = append(all, &Error{Status: status, Wait: wait, from: from}, &Error{Status: status, Code: "Code", Wait: wait, from: from},
					&Error{Status: status, bearer: true, Wait: wait, from: from})
			}
		}
	}
	for _, err := range all {
		if !yield(err) {
			return
		}
	}
}

// TestExplainUsesTheListedKeys holds that Explain returns what AdviceKeys lists,
// with as many arguments, and that each key that is listed is used.
func TestExplainUsesTheListedKeys(t *testing.T) {
	unused := AdviceKeys()
	for err := range everyError {
		a := Explain(err)
		if n, ok := adviceKeys[a.Key]; !ok || n != len(a.Args) {
			t.Errorf("%v is explained as %+v, which is not listed", err, a)
		}
		delete(unused, a.Key)
	}
	if len(unused) > 0 {
		t.Errorf("listed and never returned: %q", slices.Sorted(maps.Keys(unused)))
	}
}
