//go:build unix

package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/graph"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// TestApplicationWithItsSecretInTheKeyring is a kiosk, where no person signs in.
func TestApplicationWithItsSecretInTheKeyring(t *testing.T) {
	e, vault := lab.StartEmulator(t, binary), graph.KeyringVault{}
	config := graph.Config{ClientID: emu.AppID, Tenant: emu.TenantID, Emulator: e.URL, Application: &graph.Application{User: emu.SelfID}}
	a, err := graph.Open(config, vault)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := a.Client()
	// Without a secret each request fails, and none ends the sign-in: the secret
	// may be stored while heliograph runs.
	if err := c.SetPresence(t.Context(), presence.InACall, time.Hour); !errors.Is(err, graph.ErrNoCredential) || errors.Is(err, presence.ErrSignIn) {
		t.Fatalf("without a secret: %v", err)
	}
	if err := graph.KeepCredential(t.Context(), vault, emu.AppSecret); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = graph.ForgetCredential(context.Background(), vault) }) // gone already, unless the test failed
	if err := c.SetPresence(t.Context(), presence.InACall, time.Hour); err != nil {
		t.Fatal(err)
	}
	if !e.Shows("Busy/InACall") {
		t.Errorf("colleagues see %+v", e.Self().Shown)
	}
	if err := graph.ForgetCredential(t.Context(), vault); err != nil {
		t.Fatal(err)
	}
	if err := a.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.SignIn(t.Context(), graph.Prompt{}); !errors.Is(err, graph.ErrNoCredential) {
		t.Errorf("after the secret was removed: %v", err)
	}
}
