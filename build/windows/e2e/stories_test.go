//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestIdleAndBack(t *testing.T) {
	p, _ := running(t, "2s")
	eventually(t, "idle is Away", func() bool { return p.emu.shows("Away/Away") })
	began := time.Now()
	touch(t)
	eventually(t, "one motion is Available", func() bool { return p.emu.shows("Available/Available") })
	t.Logf("seen %v after the motion", time.Since(began).Round(time.Millisecond))
}

// consentKey is where Windows keeps who uses what.
const consentKey = `HKCU\Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\`

// caller is a program that is in the table, and is running.
func caller(t *testing.T, p *person, name string) (entry string, running *process) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(built, "heliograph-amd64.com"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, raw, 0o700); err != nil {
		t.Fatal(err)
	}
	c := start(t, p.env, "wine", path, "emulate", "--listen", "127.0.0.1:0")
	eventually(t, name+" runs", func() bool { return strings.Contains(c.output(), "Emulating") })
	return strings.ReplaceAll(windows(path), `\`, "#"), c
}

// consent writes one instant of an entry; the zero time means "now in use".
func consent(t *testing.T, device, entry, value string, at time.Time) {
	t.Helper()
	var n int64
	if !at.IsZero() {
		n = at.UnixNano()/100 + 116444736000000000
	}
	wine(t, "reg", "add", consentKey+device+`\NonPackaged\`+entry, "/v", value, "/t", "REG_QWORD", "/d", fmt.Sprint(n), "/f")
}

// TestCallInTheConsentStore: colleagues know within 200 ms of the registry's
// change. What is measured begins with the end of the program that writes it;
// the time since its start, which is logged too, bounds the truth from above.
func TestCallInTheConsentStore(t *testing.T) {
	// The key must be there before the start, as it is on Windows.
	wine(t, "reg", "add", consentKey+`microphone\NonPackaged`, "/f")
	p, _ := running(t, "1h")
	entry, _ := caller(t, p, "zoom.exe")
	consent(t, "microphone", entry, "LastUsedTimeStop", time.Now())
	begins, ends := patience, patience
	for i := range 3 {
		consent(t, "microphone", entry, "LastUsedTimeStart", time.Now())
		began := time.Now()
		consent(t, "microphone", entry, "LastUsedTimeStop", time.Time{})
		begins = min(begins, took(t, fmt.Sprintf("call %d begins", i+1), began, func() bool { return p.emu.shows("Busy/InACall") }))
		began = time.Now()
		consent(t, "microphone", entry, "LastUsedTimeStop", time.Now())
		ends = min(ends, took(t, fmt.Sprintf("call %d ends", i+1), began, func() bool { return p.emu.shows("Available/Available") }))
	}
	// The best, since a busy machine delays everything now and then.
	if most := 200 * time.Millisecond; begins > most || ends > most {
		t.Errorf("told after %v, and of the end after %v, at best", begins, ends)
	}
}

func took(t *testing.T, what string, began time.Time, ok func() bool) time.Duration {
	t.Helper()
	written := time.Now()
	eventually(t, what, ok)
	d := time.Since(written)
	t.Logf("%s: %v after the writer ended, %v after it was started", what, d.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	return d
}

// TestCrashedCallEnds: the entry stays "in use" for ever after a crash.
func TestCrashedCallEnds(t *testing.T) {
	wine(t, "reg", "add", consentKey+`microphone\NonPackaged`, "/f")
	p, _ := running(t, "1h")
	entry, c := caller(t, p, "zoom.exe")
	consent(t, "microphone", entry, "LastUsedTimeStart", time.Now())
	consent(t, "microphone", entry, "LastUsedTimeStop", time.Time{})
	eventually(t, "a call", func() bool { return p.emu.shows("Busy/InACall") })
	c.kill()
	eventually(t, "no call any more", func() bool { return p.emu.shows("Available/Available") })
}

func TestCredentialsSurviveAKill(t *testing.T) {
	p, app := running(t, "1h")
	app.kill()
	if !p.emu.shows("Available/Available") {
		t.Fatalf("colleagues see %+v", p.emu.self().Shown)
	}
	before := p.emu.self().Shown.SequenceNumber
	p.tray()
	eventually(t, "the next start takes over, signed in", func() bool { return p.logged("signed in") })
	if c := p.command("set", "busy"); c.wait() != 0 {
		t.Fatal(c.output())
	}
	eventually(t, "colleagues see Busy", func() bool { return p.emu.shows("Busy/Busy") && p.emu.self().Shown.SequenceNumber != before })
	if p.logged("sign-in needed") {
		t.Error("the person had to sign in again")
	}
}

func TestSecondLaunchShowsTheFirst(t *testing.T) {
	p, app := running(t, "1h")
	if c := p.program("heliograph-amd64.exe", "run"); c.wait() != 0 {
		t.Errorf("the second one: %s", c.output())
	}
	// Wine has no toasts; that the first one tried is what can be seen.
	eventually(t, "the first one speaks up", func() bool { return p.logged("notices cannot be shown") })
	if app.ended() {
		t.Errorf("the first one ended:\n%s", app.output())
	}
}

func TestCommandsAnswer(t *testing.T) {
	p, _ := running(t, "1h")
	if c := p.command("status"); c.wait() != 0 || !strings.Contains(c.output(), "Available: you are at the desk") {
		t.Errorf("exit %d: %s", c.wait(), c.output())
	}
	if c := p.command("set", "dnd", "--for", "1h"); c.wait() != 0 {
		t.Error(c.output())
	}
	eventually(t, "colleagues see Do not disturb", func() bool { return p.emu.shows("DoNotDisturb/DoNotDisturb") })
	if c := p.command("set", "asleep"); c.wait() != 2 {
		t.Errorf("a wrong status: exit %d: %s", c.wait(), c.output())
	}
	if c := p.command("logout"); c.wait() != 0 {
		t.Error(c.output())
	}
	eventually(t, "nothing is left at Microsoft", func() bool { return p.emu.shows("Offline/Offline") })
}
