package app

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/tray"
)

// TestOutageIsReportedOnce alternates between errors, each with advice of its
// own, and follows the states as the app does, with one timer.
func TestOutageIsReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shown []string
		asked := 0
		began := time.Now()
		o := outages{trouble: tray.Outage{Delay: troubleAfter}, signIn: func(error) { asked++ },
			show: func(title, _ string) { shown = append(shown, title+" "+time.Since(began).String()) }}
		// follow shows a state and then waits until d has passed.
		follow := func(s presence.State, d time.Duration) {
			end := time.NewTimer(d)
			defer end.Stop()
			again := time.NewTimer(o.look(s))
			defer again.Stop()
			for {
				select {
				case <-again.C:
					again.Reset(o.look(s))
				case <-end.C:
					return
				}
			}
		}
		healthy := presence.State{SignedIn: true}
		failing := func(since time.Time) {
			for _, err := range []error{&graph.Error{Status: 503}, &graph.Error{Status: 504}, &graph.Error{Status: 500}, &graph.Error{Status: 429}, errors.New("connection reset")} {
				follow(presence.State{SignedIn: true, Err: err, ErrSince: since}, 13*time.Second)
			}
		}
		follow(healthy, time.Minute)
		since := time.Now()
		for range 60 { // more than an hour
			failing(since)
		}
		follow(healthy, time.Minute)
		failing(time.Now()) // of 65 s nothing is shown, nor of their end
		follow(healthy, time.Minute)
		want := []string{"toast.trouble 4m0s", "toast.trouble.over 1h6m0s"}
		if !slices.Equal(shown, want) {
			t.Errorf("shown %q, want %q", shown, want)
		}
		for range 3 {
			follow(presence.State{Err: presence.ErrSignIn}, time.Hour)
		}
		if asked != 1 || len(shown) != 2 {
			t.Errorf("asked to sign in %d times, shown %q", asked, shown)
		}
		follow(presence.State{}, time.Minute)
		follow(presence.State{Err: presence.ErrSignIn}, time.Minute)
		if asked != 2 {
			t.Errorf("asked to sign in %d times after a success", asked)
		}
	})
}
