package graph

import (
	"context"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// TestReleaseEndsTheTrouble: what failed for somebody who has signed out is not
// tried again, and so is not reported as an outage that goes on.
func TestReleaseEndsTheTrouble(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(time.Minute)
		d.fault(emu.Fault{Status: 503})
		d.choose(presence.ChoseBusy, 0)
		d.pass(time.Minute)
		if d.loop.State().Err == nil {
			d.t.Fatal("the refusal is not reported")
		}
		if err := d.loop.Release(d.t.Context()); err != nil {
			d.t.Fatal(err)
		}
		d.pass(time.Second)
		if s := d.loop.State(); s.Err != nil || s.SignedIn {
			d.t.Errorf("after the release: %v, signed in: %v", s.Err, s.SignedIn)
		}
	})
}

// TestSignInAfterAReleaseStays: a release that was given up, and one that waits
// behind a slow clearing, are for the service of that time, not for a newer one.
func TestSignInAfterAReleaseStays(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(time.Minute)
		d.fault(emu.Fault{Delay: emu.Duration(2 * time.Second), Path: "clearPresence"})
		for range 2 {
			ctx, cancel := context.WithCancel(d.t.Context())
			go func() { _ = d.loop.Release(ctx) }()
			d.pass(10 * time.Millisecond)
			cancel()
		}
		d.loop.SetService(d.account.Client())
		d.pass(time.Minute)
		if !d.loop.State().SignedIn {
			d.t.Error("the newer sign-in was released")
		}
		d.shows("Available/Available")
		// A release that comes after a service is for that service.
		d.loop.SetService(d.account.Client())
		if err := d.loop.Release(d.t.Context()); err != nil || d.loop.State().SignedIn {
			d.t.Errorf("%v, signed in: %v", err, d.loop.State().SignedIn)
		}
	})
}
