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

	"heliograph/build/lab"
	"heliograph/build/wait"
	"heliograph/graph"
	"heliograph/graph/emu"
)

// reader is a person with a real browser: what heliograph opens is written to a
// file, for the test to visit.
type reader struct {
	*lab.Person
	page string // the file
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
	p.Env = append(p.Env, "PATH="+dir+":"+os.Getenv("PATH"))
	return r
}

// login begins a sign-in and opens its page.
func (r *reader) login(t *testing.T, c *chromium) *lab.Process {
	t.Helper()
	_ = os.Remove(r.page) // there is none at the first try
	p := r.Command("login")
	var address []byte
	wait.Until(t, "heliograph opens a page", func() bool {
		var err error
		address, err = os.ReadFile(r.page)
		return err == nil
	})
	c.open(string(address))
	return p
}

// kept reports whether the keyring holds a sign-in.
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
	p := r.login(t, c)
	c.sees("Pick an account")
	c.click(ada)
	c.sees("Read and write your presence")
	c.click(accept)
	if code := p.Wait(); code != 0 || !strings.Contains(p.Output(), "Signed in as Ada Lovelace") {
		t.Fatalf("exit %d: %s", code, p.Output())
	}
	t.Cleanup(func() { r.Command("logout").Wait() })
	if !kept(t) {
		t.Fatal("the keyring holds no sign-in")
	}
	touch(t)
	r.Command("run")
	wait.Until(t, "the kept sign-in is used", func() bool { return len(r.Emu.Self().Sessions) == 1 })
	if code := r.Command("logout").Wait(); code != 0 || kept(t) {
		t.Errorf("logout: exit %d, kept %v", code, kept(t))
	}
}

func TestRefusedThenSecondTry(t *testing.T) {
	r, c := newReader(t), newChromium(t)
	for _, at := range []string{"account", "permissions"} {
		p := r.login(t, c)
		if at == "permissions" {
			c.click(ada)
			c.sees("Permissions requested")
		}
		c.click(cancel)
		if code := p.Wait(); code == 0 || !strings.Contains(p.Output(), "You declined the permissions") {
			t.Errorf("refused at the %s: exit %d: %s", at, code, p.Output())
		}
		if kept(t) {
			t.Errorf("refused at the %s: the keyring holds a sign-in", at)
		}
	}
	p := r.login(t, c)
	c.click(ada)
	c.click(accept)
	if code := p.Wait(); code != 0 || !kept(t) {
		t.Errorf("second try: exit %d: %s", code, p.Output())
	}
	r.Command("logout").Wait()
}

// TestWrongAccount tries a personal account, then one that does not exist: the
// page of Entra refuses both, and the right one still works.
func TestWrongAccount(t *testing.T) {
	r, c := newReader(t), newChromium(t)
	p := r.login(t, c)
	c.click(`//summary`)
	c.enter(`//input[@type="email"]`, "ada@outlook.com")
	c.click(`//button[@id="next"]`)
	c.sees("AADSTS50020")
	c.enter(`//input[@type="email"]`, "nobody@"+emu.TenantDomain)
	c.click(`//button[@id="next"]`)
	c.sees("AADSTS50034")
	if kept(t) {
		t.Error("the keyring holds a sign-in")
	}
	c.click(ada)
	c.click(accept)
	if code := p.Wait(); code != 0 {
		t.Errorf("exit %d: %s", code, p.Output())
	}
	r.Command("logout").Wait()
}

// TestClosedTab: a sign-in whose page was closed ends after its timeout.
func TestClosedTab(t *testing.T) {
	e, c := lab.StartEmulator(t, binary), newChromium(t)
	a, err := graph.Open(graph.Config{ClientID: emu.AppID, Tenant: emu.TenantDomain, Emulator: e.URL}, &graph.MemoryVault{})
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	_, err = a.SignIn(t.Context(), graph.Prompt{Timeout: 5 * time.Second, OpenURL: func(page string) error {
		go func() { // opening a page must not block
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

// TestBoardInABrowser clicks buttons and sees what they did, without a reload.
func TestBoardInABrowser(t *testing.T) {
	e, c := lab.StartEmulator(t, binary), newChromium(t)
	c.open(e.URL + "/")
	c.sees("Offline")
	c.click(`//button[contains(., "Busy in a meeting")]`)
	c.sees("Busy · In a meeting")
	c.sees("Done: Busy in a meeting.")
	c.click(`//button[contains(., "429 slow down")]`)
	c.sees("answer 429 on /presence, 1 to go")
	e.Post("sessions", `{"user":"other","name":"Teams mobile","availability":"DoNotDisturb"}`)
	c.sees("Do not disturb")
	c.click(`//button[contains(., "Start over")]`)
	c.sees("No client is running.")
	if got := c.complaints(); got != "" {
		t.Errorf("the browser complains:\n%s", got)
	}
}
