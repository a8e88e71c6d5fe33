//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

func TestIdleAndBack(t *testing.T) {
	// In a desktop in which a menu was open and then a program was installed, Wine
	// sometimes sees no motion of the pointer any more.
	lab.Surroundings(t, "../../wine")
	p, _ := running(t, "2s")
	wait.Until(t, "idle is Away", func() bool { return p.Emu.Shows("Away/Away") })
	began := time.Now()
	touch(t)
	wait.Until(t, "one motion is Available", func() bool { return p.Emu.Shows("Available/Available") })
	t.Logf("%v after the motion", time.Since(began).Round(time.Millisecond))
}

// consentKey is where Windows records which program uses which device.
const consentKey = `HKCU\Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\`

// caller runs a program under the name of one in the app table. Its entry is
// its name in the ConsentStore.
func caller(t *testing.T, p *person, name string) (entry string, running *lab.Process) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(built, consoleProgram))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, raw, 0o700); err != nil {
		t.Fatal(err)
	}
	c := start(t, p.Env, "wine", path, "emulate", "--listen", "127.0.0.1:0")
	wait.Until(t, name+" runs", func() bool { return strings.Contains(c.Output(), "Emulating") })
	return strings.ReplaceAll(windows(path), `\`, "#"), c
}

// consent writes one instant of an entry; the zero time as its end means that
// the device is in use.
func consent(t *testing.T, device, entry, value string, at time.Time) {
	t.Helper()
	var n int64
	if !at.IsZero() {
		n = at.UnixNano()/100 + 116444736000000000 // a FILETIME: 100 ns since 1601
	}
	wine(t, "reg", "add", consentKey+device+`\NonPackaged\`+entry, "/v", value, "/t", "REG_QWORD", "/d", fmt.Sprint(n), "/f")
}

// TestCallInTheConsentStore: colleagues see a call within 200 ms of the change
// in the registry. The measured time begins with the end of the program that
// writes it; the time since its start, which is logged too, is an upper bound.
func TestCallInTheConsentStore(t *testing.T) {
	// The key exists before heliograph starts, as it does on Windows.
	wine(t, "reg", "add", consentKey+`microphone\NonPackaged`, "/f")
	p, _ := running(t, "1h")
	entry, _ := caller(t, p, "zoom.exe")
	consent(t, "microphone", entry, "LastUsedTimeStop", time.Now())
	begins, ends := wait.Patience, wait.Patience
	for i := range 3 {
		consent(t, "microphone", entry, "LastUsedTimeStart", time.Now())
		began := time.Now()
		consent(t, "microphone", entry, "LastUsedTimeStop", time.Time{})
		begins = min(begins, took(t, fmt.Sprintf("call %d begins", i+1), began, func() bool { return p.Emu.Shows("Busy/InACall") }))
		began = time.Now()
		consent(t, "microphone", entry, "LastUsedTimeStop", time.Now())
		ends = min(ends, took(t, fmt.Sprintf("call %d ends", i+1), began, func() bool { return p.Emu.Shows("Available/Available") }))
	}
	// The best counts: a busy computer may delay some.
	if most := 200 * time.Millisecond; begins > most || ends > most {
		t.Errorf("at best the call is seen after %v, its end after %v", begins, ends)
	}
}

func took(t *testing.T, what string, began time.Time, ok func() bool) time.Duration {
	t.Helper()
	written := time.Now()
	wait.Until(t, what, ok)
	d := time.Since(written)
	t.Logf("%s: %v after the writer ended, %v after it was started", what, d.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	return d
}

// TestCrashedCallEnds: after a crash the entry stays "in use" for ever.
func TestCrashedCallEnds(t *testing.T) {
	wine(t, "reg", "add", consentKey+`microphone\NonPackaged`, "/f")
	p, _ := running(t, "1h")
	entry, c := caller(t, p, "zoom.exe")
	consent(t, "microphone", entry, "LastUsedTimeStart", time.Now())
	consent(t, "microphone", entry, "LastUsedTimeStop", time.Time{})
	wait.Until(t, "a call", func() bool { return p.Emu.Shows("Busy/InACall") })
	c.Kill()
	wait.Until(t, "the call has ended", func() bool { return p.Emu.Shows("Available/Available") })
}

func TestCredentialsSurviveAKill(t *testing.T) {
	p, app := running(t, "1h")
	app.Kill()
	if !p.Emu.Shows("Available/Available") {
		t.Fatalf("colleagues see %+v", p.Emu.Self().Shown)
	}
	before := p.Emu.Self().Shown.SequenceNumber
	p.tray()
	// The log has the first start's lines, too.
	wait.Until(t, "the next start takes over, signed in", func() bool { return p.Command("status").Wait() == 0 })
	if c := p.Command("set", "busy"); c.Wait() != 0 {
		t.Fatal(c.Output())
	}
	wait.Until(t, "colleagues see Busy", func() bool { return p.Emu.Shows("Busy/Busy") && p.Emu.Self().Shown.SequenceNumber != before })
	if p.logged("sign-in needed") {
		t.Error("the person had to sign in again")
	}
}

func TestSecondLaunchShowsTheFirst(t *testing.T) {
	p, app := running(t, "1h")
	if c := p.program(trayProgram, "run"); c.Wait() != 0 {
		t.Errorf("the second one: %s", c.Output())
	}
	// Wine cannot show toasts: the log at least shows that the first one tried.
	wait.Until(t, "the first one tries to show a toast", func() bool { return p.logged("toasts cannot be shown") })
	if app.Ended() {
		t.Errorf("the first one ended:\n%s", app.Output())
	}
}

func TestCommandsAnswer(t *testing.T) {
	p, _ := running(t, "1h")
	if c := p.Command("status"); c.Wait() != 0 || !strings.Contains(c.Output(), "Available: you're at your computer") {
		t.Errorf("exit %d: %s", c.Wait(), c.Output())
	}
	if c := p.Command("set", "dnd", "--for", "1h"); c.Wait() != 0 {
		t.Error(c.Output())
	}
	wait.Until(t, "colleagues see Do not disturb", func() bool { return p.Emu.Shows("DoNotDisturb/DoNotDisturb") })
	if c := p.Command("set", "asleep"); c.Wait() != 2 {
		t.Errorf("a wrong status: exit %d: %s", c.Wait(), c.Output())
	}
	if c := p.Command("logout"); c.Wait() != 0 {
		t.Error(c.Output())
	}
	wait.Until(t, "nothing is left at Microsoft", func() bool { return p.Emu.Shows("Offline/Offline") })
}
