package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// parseText reads the text of a settings file.
func parseText(data []byte) (Config, error) {
	d, p := parse(data)
	if p != nil {
		return Config{}, p
	}
	return d.config, nil
}

func TestTemplateMeansDefault(t *testing.T) {
	c, err := parseText([]byte(template))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, Default()) {
		t.Errorf("template reads as %+v", c)
	}
}

// TestTemplateExamplesAreAccepted takes the comment sign off every example.
func TestTemplateExamplesAreAccepted(t *testing.T) {
	example := regexp.MustCompile(`(?m)^# (\[\[|[a-z_]+ = )`)
	text := example.ReplaceAllString(template, "$1")
	c, err := parseText([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if c.Account.ClientID == "" || len(c.Calls.App) != 1 || len(c.Automatic.WorkDays) != 5 {
		t.Errorf("examples read as %+v", c)
	}
	for _, section := range []any{c.General, c.Account, c.Automatic, c.Calls, c.Notifications, c.Hooks, c.Webhook, c.MQTT, c.DBus, c.Log} {
		for i := range reflect.TypeOf(section).NumField() {
			key := reflect.TypeOf(section).Field(i).Tag.Get("toml")
			if key != "app" && !regexp.MustCompile(`(?m)^`+key+` = `).MatchString(text) {
				t.Errorf("the template does not show %s", key)
			}
		}
	}
}

func TestParse(t *testing.T) {
	c, err := parseText([]byte("[automatic]\naway_after = \"90s\"\nwork_days=[\"monday\",\"Sat\"]\nwork_to=\"24:00\"\n[calls]\ndebounce=\"0s\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Automatic.AwayAfter != Duration(90*time.Second) || c.Calls.Debounce != 0 || c.Automatic.WorkTo != 1440 ||
		!reflect.DeepEqual(c.Automatic.WorkDays, []Day{1, 6}) || !c.Automatic.BusyInCall {
		t.Errorf("got %+v", c)
	}
}

// TestForgivenSlips: a byte order mark, as Notepad writes it, and keys in
// another case.
func TestForgivenSlips(t *testing.T) {
	for _, text := range []string{"\ufeff[log]\r\nlevel = \"warn\"\r\n", "[Log]\nLevel = \"warn\"\n", "log.level = 'warn'", "log = { level = \"warn\" }\n"} {
		d, p := parse([]byte(text))
		if p != nil || d.config.Log.Level != "warn" || d.lines["log.level"] == 0 {
			t.Errorf("%q: %+v, %v, %v", text, d.config.Log, d.lines, p)
		}
	}
}

func TestAddressesInTheOwnNetworkNeedNoEncryption(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "[::1]", "localhost", "192.168.1.5:8080", "10.0.0.1", "172.16.3.4", "[fd00::1]", "[fe80::1%25eth0]", "lamp.local"} {
		if _, err := parseText([]byte("[webhook]\nurl = \"http://" + host + "/x\"\n[mqtt]\nbroker = \"mqtt://" + host + "\"\n")); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestFileIsMadeOnceAndPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "config.toml")
	if d, p := readFile(path); p != nil || !reflect.DeepEqual(d.config, Default()) {
		t.Fatalf("without a file: %+v, %v", d.config, p)
	}
	if err := EnsureFile(path); err != nil {
		t.Fatal(err)
	}
	isPrivate(t, path)
	if err := os.WriteFile(path, []byte("[log]\nlevel=\"warn\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := EnsureFile(path); err != nil {
		t.Fatal(err)
	}
	if d, p := readFile(path); p != nil || d.config.Log.Level != "warn" {
		t.Errorf("the user's file was lost: %+v, %v", d.config, p)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(template))
	f.Add([]byte("[automatic]\naway_after = \"5\"\nwork_days = [\"\"]\n[[calls.app]]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseText(data)
		if err == nil && c.check() != nil {
			t.Fatal("accepted what it refuses")
		}
		if err != nil && (err.Error() == "" || strings.ContainsAny(err.Error(), "\r\n")) {
			t.Fatalf("not one line: %q", err)
		}
		if err == nil {
			if _, err := parseText([]byte(Value{Config: c}.Show())); err != nil {
				t.Fatalf("what is shown is refused: %v", err)
			}
		}
	})
}
