//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// TestSupportArchiveIsClean lives the day of TestNoSecretLeaves, with a recorder
// and a window that have titles, and looks for what is the person's own in the
// archive of doctor --bundle, while heliograph runs and after it has quit.
func TestSupportArchiveIsClean(t *testing.T) {
	const (
		message = "Negotiating the takeover of Fabrikam"
		title   = "Minutes of the Fabrikam board"
		login   = "tellitubby"
	)
	p := newPerson(t, "1h")
	m := newMicrosoft(t, p.Emu.URL)
	var broker bytesSent
	hooked := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	t.Cleanup(hooked.Close)
	brokerURL := listeningBroker(t, &broker)
	addSettings(t, p, m.URL, fmt.Sprintf(`[log]
level = "debug"
[hooks]
on_change = ["sh", "-c", "echo %[1]s; exit 1"]
[webhook]
url = "%[2]s/key-of-%[1]s"
account = true
[mqtt]
broker = %[3]q
username = "lamp-of-%[1]s"
`, login, hooked.URL, brokerURL))
	p.Env = append(p.Env, "USER="+login, "LOGNAME="+login)
	p.Login()
	touch(t)
	lab.Start(t, nil, "xlogo", "-title", title)
	lab.Start(t, nil, "parecord", "--stream-name="+title, "--client-name="+title, "/dev/null")
	app := p.Command("run")
	wait.Until(t, "a session is set", func() bool { return len(p.Emu.Self().Sessions) >= 1 })
	wait.Until(t, "the day has a status", func() bool {
		var why struct{ Today []struct{ Rule string } }
		return json.Unmarshal([]byte(p.Do("why", "--json")), &why) == nil && len(why.Today) > 0
	})
	archives := map[string]map[string]string{}
	printed := faultyDayWith(t, p, m, message, func() {
		archives["while it runs"] = bundle(t, p, "running.zip")
	})
	app.Wait()
	archives["after it has quit"] = bundle(t, p, "quit.zip")

	private := map[string]string{message: "the status message", title: "a title", login: "the name of the user", strings.TrimPrefix(m.URL, "http://"): "the address of Microsoft",
		strings.TrimPrefix(hooked.URL, "http://"): "the address of the webhook", strings.TrimPrefix(brokerURL, "mqtt://"): "the address of the broker"}
	self := p.Emu.Self()
	for what, text := range map[string]string{"the account's address": self.UPN, "the account's id": self.ID, "the person's name": self.Name} {
		if text == "" {
			t.Fatalf("the emulator does not say %s", what)
		}
		private[text] = what
	}
	if host, err := os.Hostname(); err == nil && host != "localhost" {
		private[host] = "the name of the computer"
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for secret, what := range m.secrets {
		private[secret] = what
	}
	log, err := os.ReadFile(filepath.Join(p.Dir, "heliograph", "heliograph.log"))
	if err != nil {
		t.Fatal(err)
	}
	for when, files := range archives {
		for file, text := range files {
			for secret, what := range private {
				if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
					t.Errorf("%s, %s has %s: %q", when, file, what, secret)
				}
			}
			if text == "" {
				t.Errorf("%s, %s is empty", when, file)
			}
		}
		if n := strings.Count(files["log.txt"], "\n"); n < 20 || n > strings.Count(string(log), "\n") {
			t.Errorf("%s, the log has %d lines of %d", when, n, strings.Count(string(log), "\n"))
		}
	}
	running := archives["while it runs"]
	for file, want := range map[string]string{"about.json": `"running": true`, "status.json": `"choice"`, "calls.json": `"recordings"`, "doctor.json": `"pulseaudio"`, "today.json": `"rule"`, "settings.toml": "(set)"} {
		if !strings.Contains(running[file], want) {
			t.Errorf("while it runs, %s lacks %s: %s", file, want, running[file])
		}
	}
	for _, text := range []string{self.UPN, strings.TrimPrefix(m.URL, "http://"), strings.TrimPrefix(hooked.URL, "http://")} {
		if !strings.Contains(printed, text) {
			t.Errorf("doctor itself does not know %s: the test would find none", text)
		}
	}
	t.Logf("%d private texts in %d files", len(private), len(running))
}

// bundle has the person make the archive, and returns its files.
func bundle(t *testing.T, p *lab.Person, name string) map[string]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	c := p.Command("doctor", "--bundle="+path)
	c.Wait()
	if !strings.Contains(c.Output(), path) {
		t.Fatalf("no archive was written: %s", c.Output())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive: %v, %v", info, err)
	}
	return lab.Unpack(t, path)
}
