//go:build linux

package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"heliograph/build/lab"
)

// TestSupportArchiveOnWindows: the archive for a report says what Windows this is
// and what heliograph sees of it, and not who is signed in, where, and what they
// wrote.
func TestSupportArchiveOnWindows(t *testing.T) {
	const message = "Negotiating the takeover of Fabrikam"
	p, _ := running(t, "1h")
	p.Do("set", "busy", "--message", message)
	path := filepath.Join(t.TempDir(), "report.zip")
	if out := p.Do("doctor", "--bundle="+windows(path)); !strings.Contains(out, "report.zip") {
		t.Errorf("it says %q", out)
	}
	files := lab.Unpack(t, path)
	for file, wants := range map[string][]string{
		"about.json":  {`"Windows 10.`, `"windows/amd64"`, `"running": true`},
		"doctor.json": {`"last-input"`, `"wts"`, `"Windows Credential Manager"`, `"signed in"`},
		"status.json": {`"choice": "busy"`, `"message": true`},
		"log.txt":     {`msg="signed in"`, `msg="status chosen" status=busy`},
	} {
		for _, want := range wants {
			if !strings.Contains(files[file], want) {
				t.Errorf("%s lacks %s: %s", file, want, files[file])
			}
		}
	}
	self := p.Emu.Self()
	for what, text := range map[string]string{"the message": message, "the account": self.UPN, "the account's id": self.ID, "the person": self.Name, "the address of Microsoft": strings.TrimPrefix(p.Emu.URL, "http://")} {
		for name, content := range files {
			if text == "" || strings.Contains(strings.ToLower(content), strings.ToLower(text)) {
				t.Errorf("%s has %s, %q: %s", name, what, text, content)
			}
		}
	}
}
