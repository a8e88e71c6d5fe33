//go:build unix

package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"heliograph/graph"
	"heliograph/graph/emu"
)

// reader is a person whose browser is real: opening a page leaves its address
// for the test to walk.
type reader struct {
	*person
	page string
}

func newReader(t *testing.T) *reader {
	t.Helper()
	p := newPerson(t, "1h")
	dir := t.TempDir()
	r := &reader{p, filepath.Join(dir, "page")}
	script := "#!/bin/sh\nprintf %s \"$1\" >'" + r.page + ".new' && mv '" + r.page + ".new' '" + r.page + "'\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	p.env = append(p.env, "PATH="+dir+":"+os.Getenv("PATH"))
	return r
}

// login begins a sign-in and opens its page.
func (r *reader) login(c *chromium) *process {
	r.t.Helper()
	_ = os.Remove(r.page) // none yet, at the first try
	p := r.command("login")
	var address []byte
	eventually(r.t, "heliograph opens a page", func() bool {
		var err error
		address, err = os.ReadFile(r.page)
		return err == nil
	})
	c.open(string(address))
	return p
}

// kept reports whether the keyring holds a session.
func kept(t *testing.T) bool {
	t.Helper()
	_, err := keyring.Get("heliograph", "account")
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

const (
	ada    = `//button[contains(., "Ada Lovelace")]`
	accept = `//button[text()="Accept"]`
	cancel = `//button[text()="Cancel"]`
)

func TestSignInInABrowser(t *testing.T) {
	r, c := newReader(t), newChromium(t)
	p := r.login(c)
	c.sees("Pick an account")
	c.click(ada)
	c.sees("Read and write your presence")
	c.click(accept)
	if code := p.wait(); code != 0 || !strings.Contains(p.output(), "Signed in as Ada Lovelace") {
		t.Fatalf("exit %d: %s", code, p.output())
	}
	t.Cleanup(func() { r.command("logout").wait() })
	if !kept(t) {
		t.Fatal("the keyring holds no session")
	}
	touch(t)
	r.command("run")
	eventually(t, "the kept token opens Graph", func() bool { return len(r.emu.self().Sessions) == 1 })
	if code := r.command("logout").wait(); code != 0 || kept(t) {
		t.Errorf("logout: exit %d, kept %v", code, kept(t))
	}
}

func TestRefusedThenSecondTry(t *testing.T) {
	r, c := newReader(t), newChromium(t)
	for _, at := range []string{"account", "permissions"} {
		p := r.login(c)
		if at == "permissions" {
			c.click(ada)
			c.sees("Permissions requested")
		}
		c.click(cancel)
		if code := p.wait(); code == 0 || !strings.Contains(p.output(), "You declined the permissions") {
			t.Errorf("refused at the %s: exit %d: %s", at, code, p.output())
		}
		if kept(t) {
			t.Errorf("refused at the %s: the keyring holds a session", at)
		}
	}
	p := r.login(c)
	c.click(ada)
	c.click(accept)
	if code := p.wait(); code != 0 || !kept(t) {
		t.Errorf("second try: exit %d: %s", code, p.output())
	}
	r.command("logout").wait()
}

// TestWrongAccount is a personal account, then one that does not exist: Entra's
// page turns both away, and the right one still gets in.
func TestWrongAccount(t *testing.T) {
	r, c := newReader(t), newChromium(t)
	p := r.login(c)
	c.click(`//summary`)
	c.enter(`//input[@type="email"]`, "ada@outlook.com")
	c.click(`//button[@id="next"]`)
	c.sees("AADSTS50020")
	c.enter(`//input[@type="email"]`, "nobody@"+emu.TenantDomain)
	c.click(`//button[@id="next"]`)
	c.sees("AADSTS50034")
	if kept(t) {
		t.Error("the keyring holds a session")
	}
	c.click(ada)
	c.click(accept)
	if code := p.wait(); code != 0 {
		t.Errorf("exit %d: %s", code, p.output())
	}
	r.command("logout").wait()
}

// TestClosedTab waits for nobody for ever.
func TestClosedTab(t *testing.T) {
	e, c := newEmulator(t), newChromium(t)
	a, err := graph.Open(graph.Config{ClientID: emu.AppID, Tenant: emu.TenantDomain, Emulator: e.url}, &graph.MemoryVault{})
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	_, err = a.SignIn(t.Context(), graph.Prompt{Timeout: 5 * time.Second, OpenURL: func(page string) error {
		go func() { // opening a page waits for nobody
			defer close(closed)
			if err := c.try("POST", "/url", map[string]string{"url": page}, nil); err != nil {
				t.Error(err)
			}
			if err := c.try("DELETE", "/window", nil, nil); err != nil {
				t.Error(err)
			}
		}()
		return nil
	}})
	<-closed
	if !errors.Is(err, graph.ErrNobodyAnswered) || graph.Explain(err).Key != "unanswered" {
		t.Errorf("got %v", err)
	}
}

// TestBoardInABrowser presses a button and sees what it did, without a reload.
func TestBoardInABrowser(t *testing.T) {
	e, c := newEmulator(t), newChromium(t)
	c.open(e.url + "/")
	c.sees("Offline")
	c.click(`//button[contains(., "Busy in a meeting")]`)
	c.sees("Busy · In a meeting")
	c.sees("Done: Busy in a meeting.")
	c.click(`//button[contains(., "429 slow down")]`)
	c.sees("answer 429 on /presence, 1 to go")
	e.post("sessions", `{"user":"other","name":"Teams mobile","availability":"DoNotDisturb"}`)
	c.sees("Do not disturb")
	c.click(`//button[contains(., "Start over")]`)
	c.sees("No client is running.")
	if got := c.complaints(); got != "" {
		t.Errorf("the browser complains:\n%s", got)
	}
}
