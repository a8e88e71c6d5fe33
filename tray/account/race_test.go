package account

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/build/wait"
	"heliograph/detect"
	"heliograph/graph"
	"heliograph/graph/emu"
	"heliograph/tray/settings"
)

// TestAbandonedPageKeepsTheKeyringWatched holds that a sign-in page, which was
// open when the keyring was to be read again and was then cancelled, does not
// end the wait for the keyring.
func TestAbandonedPageKeepsTheKeyringWatched(t *testing.T) {
	s, k := stored(t)
	k.fail(graph.ErrVaultAbsent)
	b := browser{make(chan string, 1)}
	p, stop := start(t, s, k, registered(), b.open)
	defer stop()
	wait.Until(t, "the keyring was read", func() bool { return p.State().Problem != nil })
	clicked := make(chan struct{})
	go func() { defer close(clicked); p.SignIn(t.Context()) }()
	<-b.pages
	p.ready <- struct{}{} // it is not ready after all
	wait.Until(t, "the announcement was taken", func() bool { return len(p.ready) == 0 })
	p.CancelSignIn()
	<-clicked
	k.fail(nil)
	p.ready <- struct{}{}
	wait.Until(t, "somebody is signed in", func() bool { return p.signedInAs() != "" })
}

// TestChangedSettingsAreNotLost holds that changed settings are applied also when
// a newer operation begins while Microsoft keeps them waiting.
func TestChangedSettingsAreNotLost(t *testing.T) {
	s, k := stored(t)
	synctest.Test(t, func(t *testing.T) {
		p, stop := start(t, s, k, registered(), nil)
		defer stop()
		p.loop.Observe(detect.Activity{LastInput: time.Now().Round(0), InUse: true})
		synctest.Wait()
		if len(s.User("self").Sessions) != 1 {
			t.Fatal("no session is set")
		}
		if err := s.AddFault(emu.Fault{Delay: emu.Duration(time.Minute)}); err != nil {
			t.Fatal(err)
		}
		changed := make(chan struct{})
		go func() { defer close(changed); p.Set(t.Context(), settings.Default()) }()
		synctest.Wait()
		if err := p.SignOut(t.Context()); !errors.Is(err, graph.ErrNoClientID) {
			t.Errorf("the newer operation worked with the former account: %v", err)
		}
		<-changed
		if got := p.State(); !errors.Is(got.Problem, graph.ErrNoClientID) {
			t.Errorf("the new settings are not used: %+v", got)
		}
	})
}
