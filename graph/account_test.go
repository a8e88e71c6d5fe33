package graph

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// signedIn returns an account that has signed in to an emulator in this process
// through MSAL's real loopback.
func signedIn(t *testing.T, s *emu.Server, v Vault) *Account {
	t.Helper()
	a, err := Open(Config{ClientID: emu.AppID, Transport: s.Transport()}, v)
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.SignIn(t.Context(), Prompt{OpenURL: inBackground(emu.Browser(s.Transport(), "self"))})
	if err != nil {
		t.Fatal(err)
	}
	if p.ID != emu.SelfID || p.Name == "" || !strings.Contains(p.Username, "@") || p.Tenant != emu.TenantID {
		t.Fatalf("signed in as %+v", p)
	}
	return a
}

// inBackground behaves like a browser: opening it does not wait for the person.
func inBackground(walk func(string) error) func(string) error {
	return func(page string) error {
		go func() { _ = walk(page) }() // a failure shows as a sign-in that never ends
		return nil
	}
}

func TestSignInRestoreSignOut(t *testing.T) {
	s, v := emu.New(emu.Options{}), &MemoryVault{}
	a := signedIn(t, s, v)
	if err := a.Kept(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(Config{ClientID: emu.AppID, Transport: s.Transport()}, v)
	if err != nil {
		t.Fatal(err)
	}
	before := len(s.Requests())
	if p, err := again.Restore(t.Context()); err != nil || p.ID != emu.SelfID || p.Name == "" {
		t.Fatalf("restored as %+v, %v", p, err)
	}
	for _, r := range s.Requests()[before:] {
		if r.Note == "refresh_token" {
			t.Error("a fresh token was refreshed")
		}
	}
	if err := again.Client().SetPresence(t.Context(), presence.InACall, time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := s.User("self").Shown.Activity; got != "InACall" {
		t.Errorf("colleagues see %s", got)
	}
	if err := again.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Also in the process that has signed out, where MSAL has a memory of its own.
	if p, err := again.Restore(t.Context()); !errors.Is(err, presence.ErrSignIn) {
		t.Errorf("after signing out %+v is restored, %v", p, err)
	}
	if len(v.items) != 0 {
		t.Errorf("%d items left in the vault", len(v.items))
	}
	last, err := Open(Config{ClientID: emu.AppID, Transport: s.Transport()}, v)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := last.Restore(t.Context()); !errors.Is(err, presence.ErrSignIn) {
		t.Errorf("after sign-out: %v", err)
	}
}

func TestRefreshAndRevocation(t *testing.T) {
	s := emu.New(emu.Options{})
	a := signedIn(t, s, &MemoryVault{})
	c := a.Client()
	// MSAL keeps its own clock, so the token is made old for Graph alone: what
	// follows is the silent refresh that a claims challenge asks for.
	s.Revoke("self")
	err := c.SetPresence(t.Context(), presence.Away, time.Hour)
	if !errors.Is(err, presence.ErrSignIn) {
		t.Fatalf("a revoked session gives %v", err)
	}
	var e *SignInError
	if !errors.As(err, &e) || e.AADSTS != 50173 {
		t.Errorf("got %v, want AADSTS50173", err)
	}
	refreshes := 0
	for _, r := range s.Requests() {
		if r.Note == "refresh_token" {
			refreshes++
		}
	}
	if refreshes != 1 {
		t.Errorf("%d refreshes for one challenge", refreshes)
	}
	// The next sign-in page demands what the silent refresh did not meet, once.
	for _, want := range []bool{true, false} {
		browse := inBackground(emu.Browser(s.Transport(), "self"))
		_, err := a.SignIn(t.Context(), Prompt{OpenURL: func(page string) error {
			if asked := strings.Contains(page, "nbf"); asked != want {
				t.Errorf("the page demands the claims: %v, want %v", asked, want)
			}
			return browse(page)
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Client().SetPresence(t.Context(), presence.Away, time.Hour); err != nil {
			t.Errorf("after the sign-in: %v", err)
		}
	}
}

func TestShortTokensAreRefreshed(t *testing.T) {
	// MSAL refreshes a token with less than five minutes left: here at each call.
	s := emu.New(emu.Options{TokenLife: 2 * time.Minute})
	c := signedIn(t, s, &MemoryVault{}).Client()
	for range 3 {
		if err := c.SetPresence(t.Context(), presence.Available, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.User("self").Shown.Activity; got != "Available" {
		t.Errorf("colleagues see %s", got)
	}
}

func TestDeviceCode(t *testing.T) {
	s := emu.New(emu.Options{})
	a, err := Open(Config{ClientID: emu.AppID, Transport: s.Transport()}, &MemoryVault{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.SignIn(t.Context(), Prompt{Device: func(d DeviceCode) {
		if d.URL == "" || !s.ApproveDevice(d.Code, "other") {
			t.Errorf("device code %+v", d)
		}
	}})
	if err != nil || p.ID != emu.OtherID {
		t.Fatalf("signed in as %+v, %v", p, err)
	}
}

func TestEmulatorByAddress(t *testing.T) {
	ln, err := emu.Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- emu.New(emu.Options{}).Serve(t.Context(), ln) }()
	t.Cleanup(func() {
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	a, err := Open(Config{ClientID: emu.AppID, Emulator: "http://" + ln.Addr().String(), Tenant: emu.TenantID}, &MemoryVault{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.SignIn(t.Context(), Prompt{OpenURL: inBackground(emu.Browser(nil, "self"))}); err != nil {
		t.Fatal(err)
	}
	if err := a.Client().SetPresence(t.Context(), presence.Available, time.Hour); err != nil {
		t.Fatal(err)
	}
}

func TestSignInErrors(t *testing.T) {
	for _, code := range []int{50194, 65001, 700016, 7000112, 53003, 50005, 53000, 90094, 50173} {
		s := emu.New(emu.Options{})
		if err := s.AddFault(emu.Fault{Path: "/oauth2/v2.0/token", AADSTS: code}); err != nil {
			t.Fatal(err)
		}
		a, err := Open(Config{ClientID: emu.AppID, Transport: s.Transport()}, &MemoryVault{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.SignIn(t.Context(), Prompt{OpenURL: inBackground(emu.Browser(s.Transport(), "self"))})
		var e *SignInError
		if !errors.As(err, &e) || e.AADSTS != code || !errors.Is(err, presence.ErrSignIn) {
			t.Errorf("AADSTS%d is returned as %v", code, err)
		}
		if w := Explain(err); len(w.Args) != 1 || w.Args[0] != code {
			t.Errorf("AADSTS%d is explained as %+v", code, w)
		}
	}
}

// TestSignInMeetsAProxy: a page that is not Entra's is not a refusal.
func TestSignInMeetsAProxy(t *testing.T) {
	for _, status := range []int{0, 400, 403, 503} {
		s := emu.New(emu.Options{})
		a, err := Open(Config{ClientID: emu.AppID, Transport: s.Transport()}, &MemoryVault{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.AddFault(emu.Fault{Path: "/oauth2/v2.0/token", Page: true, Status: status}); err != nil {
			t.Fatal(err)
		}
		_, err = a.SignIn(t.Context(), Prompt{Device: func(c DeviceCode) { s.ApproveDevice(c.Code, "self") }})
		if err == nil || errors.Is(err, presence.ErrSignIn) || strings.Contains(err.Error(), "<title>") {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestSignInIsCancelled(t *testing.T) {
	s := emu.New(emu.Options{})
	a, err := Open(Config{ClientID: emu.AppID, Transport: s.Transport()}, &MemoryVault{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = a.SignIn(ctx, Prompt{OpenURL: func(string) error { cancel(); return nil }})
	if !errors.Is(err, ErrCancelled) {
		t.Errorf("got %v", err)
	}
}

func TestOutageAtRestoreKeepsThePerson(t *testing.T) {
	s, v := emu.New(emu.Options{TokenLife: time.Minute}), &MemoryVault{}
	signedIn(t, s, v)
	if err := s.AddFault(emu.Fault{Drop: true}); err != nil {
		t.Fatal(err)
	}
	a, err := Open(Config{ClientID: emu.AppID, Transport: s.Transport()}, v)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := a.Restore(t.Context()); err != nil || p.ID != emu.SelfID {
		t.Fatalf("without a network: %+v, %v", p, err)
	}
	err = a.Client().SetPresence(t.Context(), presence.Available, time.Hour)
	if err == nil || errors.Is(err, presence.ErrSignIn) || errors.Is(err, presence.ErrRefused) {
		t.Errorf("an outage is returned as %v", err)
	}
}

// TestSignInWithoutABrowser holds that a page that cannot be shown is said so,
// at once, and that nobody waits for it.
func TestSignInWithoutABrowser(t *testing.T) {
	for name, open := range map[string]func(string) error{"none": nil, "fails": func(string) error { return errors.New("no such program") }} {
		s := emu.New(emu.Options{})
		a, err := Open(Config{ClientID: emu.AppID, Transport: s.Transport()}, &MemoryVault{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.SignIn(t.Context(), Prompt{OpenURL: open})
		if !errors.Is(err, ErrNoBrowser) || !errors.Is(err, presence.ErrSignIn) || Explain(err).Key != "no-browser" {
			t.Errorf("%s: %v, explained as %s", name, err, Explain(err).Key)
		}
	}
}
