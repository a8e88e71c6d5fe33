package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
)

func TestTemplateMeansDefault(t *testing.T) {
	c, err := Parse([]byte(Template))
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
	text := example.ReplaceAllString(Template, "$1")
	c, err := Parse([]byte(text))
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
	c, err := Parse([]byte("[automatic]\naway_after = \"90s\"\nwork_days=[\"monday\",\"Sat\"]\nwork_to=\"24:00\"\n[calls]\ndebounce=\"0s\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Automatic.AwayAfter != Duration(90*time.Second) || c.Calls.Debounce != 0 || c.Automatic.WorkTo != 1440 ||
		!reflect.DeepEqual(c.Automatic.WorkDays, []Day{1, 6}) || !c.Automatic.BusyInCall {
		t.Errorf("got %+v", c)
	}
}

// application is an [account] that signs in by itself; kiosk one that can.
const (
	application = "[account]\nsign_in = \"application\"\ntenant = \"contoso.com\"\n"
	kiosk       = application + "user = \"fa8bf3dc-eca7-46b7-bad1-db199b62afc3\"\n"
)

func TestApplicationIsAccepted(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	c, err := Parse([]byte(kiosk + "secret_file = '" + secret + "'\n"))
	if err != nil || c.Account.SignIn != "application" || c.Account.SecretFile != secret {
		t.Errorf("got %+v, %v", c.Account, err)
	}
	if _, err := Parse([]byte(kiosk + "api = \"beta\"\n")); err != nil {
		t.Error(err)
	}
}

func TestErrorsNameKeyLineAndRemedy(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"unknown_key":      {"[account]\nclient = \"x\"\n", []string{"line 2", "account.client", "client_id", "tenant"}},
		"unknown_section":  {"\n[acount]\nclient_id = \"x\"\n", []string{"line 2", "acount", "account, automatic"}},
		"bad_duration":     {"[automatic]\n\naway_after = \"5\"\n", []string{"line 3", "automatic.away_after", `"5m"`}},
		"number_duration":  {"[automatic]\naway_after = 5\n", []string{"line 2", "away_after"}},
		"too_long":         {"[automatic]\naway_after = \"25h\"\n", []string{"line 2", "automatic.away_after", "24h0m0s"}},
		"bad_cloud":        {"[account]\ncloud = \"mars\"\n", []string{"line 2", "account.cloud", "global, usgov-l4"}},
		"bad_client":       {"[account]\nclient_id = \"mine\"\n", []string{"line 2", "account.client_id", "Entra"}},
		"bad_tenant":       {"[account]\ntenant = \"a/b\"\n", []string{"line 2", "account.tenant", "contoso.com"}},
		"far_emulator":     {"[account]\nemulator = \"http://10.0.0.1:80\"\n", []string{"line 2", "account.emulator", "127.0.0.1"}},
		"emulator_path":    {"[account]\nemulator = \"http://127.0.0.1:80/x\"\n", []string{"line 2", "account.emulator"}},
		"wrong_type":       {"[calls]\nallow = \"zoom\"\n", []string{"line 2", "allow"}},
		"bool_as_text":     {"[automatic]\nbusy_in_call = \"yes\"\n", []string{"line 2", "busy_in_call"}},
		"bad_day":          {"[automatic]\nwork_days = [\"moonday\"]\n", []string{"line 2", "mon, tue"}},
		"bad_clock":        {"[automatic]\nwork_from = \"8am\"\n", []string{"line 2", "work_from", "08:30"}},
		"broken_toml":      {"[account]\nclient_id = \n", []string{"line 2"}},
		"app_without_name": {"[[calls.app]]\nclass=\"call\"\n", []string{"calls.app", "match"}},
		"bad_sign_in":      {"[account]\nsign_in = \"robot\"\n", []string{"line 2", "account.sign_in", "person, application"}},
		"app_no_user":      {application + "user = \"\"\n", []string{"account.user", "object id"}},
		"app_bad_user":     {application + "user = \"ada@contoso.com\"\n", []string{"line 4", "account.user", "Entra"}},
		"app_no_tenant":    {"[account]\nsign_in = \"application\"\nuser = \"fa8bf3dc-eca7-46b7-bad1-db199b62afc3\"\n", []string{"account.tenant", "one tenant"}},
		"app_two_files":    {kiosk + "secret_file = \"/a\"\ncertificate_file = \"/b\"\n", []string{"line 6", "account.certificate_file", "secret_file"}},
		"app_short_path":   {kiosk + "secret_file = \"a\"\n", []string{"line 5", "account.secret_file", "full path"}},
		"app_presenting":   {kiosk + "api = \"beta\"\n[automatic]\npresent_when_sharing = true\n", []string{"line 7", "automatic.present_when_sharing", "v1.0"}},
		"bad_level":        {"[log]\nlevel = \"loud\"\n", []string{"line 2", "log.level", "debug, info"}},
		"empty_hook":       {"[hooks]\non_change = [\"\"]\n", []string{"line 2", "hooks.on_change", "[]"}},
		"hook_as_text":     {"[hooks]\non_change = \"lamp\"\n", []string{"line 2", "on_change"}},
		"hook_timeout":     {"[hooks]\ntimeout = \"0s\"\n", []string{"line 2", "hooks.timeout", "10m0s"}},
		"webhook_scheme":   {"[webhook]\nurl = \"ftp://x\"\n", []string{"line 2", "webhook.url", "https://"}},
		"webhook_no_host":  {"[webhook]\nurl = \"https:///x\"\n", []string{"line 2", "webhook.url", "https://example.com"}},
		"webhook_password": {"[webhook]\nurl = \"https://u:p@h/\"\n", []string{"line 2", "webhook.url", "keyring"}},
		"webhook_open":     {"[webhook]\nurl = \"http://8.8.8.8/\"\n", []string{"line 2", "webhook.url", "encryption", "https://"}},
		"webhook_open_v6":  {"[webhook]\nurl = \"http://[2001:db8::1]:80/\"\n", []string{"line 2", "webhook.url", "encryption"}},
		"webhook_mapped":   {"[webhook]\nurl = \"http://[::ffff:8.8.8.8]/\"\n", []string{"line 2", "webhook.url", "encryption"}},
		"broker_bare":      {"[mqtt]\nbroker = \"broker\"\n", []string{"line 2", "mqtt.broker", "mqtts://"}},
		"broker_http":      {"[mqtt]\nbroker = \"https://broker\"\n", []string{"line 2", "mqtt.broker", "mqtts://"}},
		"broker_path":      {"[mqtt]\nbroker = \"mqtts://broker/x\"\n", []string{"line 2", "mqtt.broker", "path"}},
		"broker_open":      {"[mqtt]\nbroker = \"mqtt://1.1.1.1:1883\"\n", []string{"line 2", "mqtt.broker", "mqtts://"}},
		"mqtt_name":        {"[mqtt]\nname = \"my/desk\"\n", []string{"line 2", "mqtt.name", "letters"}},
		"mqtt_discovery":   {"[mqtt]\ndiscovery = \"home/#\"\n", []string{"line 2", "mqtt.discovery", "homeassistant"}},
		"mqtt_password":    {"[mqtt]\npassword = \"x\"\n", []string{"line 2", "mqtt.password", "username"}},
		"dbus":             {"[dbus]\nenabled = 1\n", []string{"line 2", "enabled"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(c.text))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q lacks %q", err, w)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q has more than one line", err)
			}
		})
	}
}

func TestNearAddressesNeedNoEncryption(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "[::1]", "localhost", "192.168.1.5:8080", "10.0.0.1", "172.16.3.4", "[fd00::1]", "[fe80::1%25eth0]", "lamp.local"} {
		if _, err := Parse([]byte("[webhook]\nurl = \"http://" + host + "/x\"\n[mqtt]\nbroker = \"mqtt://" + host + "\"\n")); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestFileIsMadeOnceAndPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "config.toml")
	if c, err := Load(path); err != nil || !reflect.DeepEqual(c, Default()) {
		t.Fatalf("without a file: %+v, %v", c, err)
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
	if c, err := Load(path); err != nil || c.Log.Level != "warn" {
		t.Errorf("the user's file was lost: %+v, %v", c, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(Template))
	f.Add([]byte("[automatic]\naway_after = \"5\"\nwork_days = [\"\"]\n[[calls.app]]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err == nil && c.check() != nil {
			t.Fatal("accepted what it refuses")
		}
		if err != nil && err.Error() == "" {
			t.Fatal("an error without words")
		}
	})
}

// TestShownSettingsReadBack: what `config show` prints means what it shows.
func TestShownSettingsReadBack(t *testing.T) {
	example := regexp.MustCompile(`(?m)^# (\[\[|[a-z_]+ = )`)
	for name, text := range map[string]string{"defaults": "", "all_examples": example.ReplaceAllString(Template, "$1")} {
		t.Run(name, func(t *testing.T) {
			c, err := Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			raw, err := toml.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse(raw)
			if err != nil {
				t.Fatalf("%v:\n%s", err, raw)
			}
			// An empty list reads back as one that is there.
			if again2, err := toml.Marshal(again); err != nil || string(again2) != string(raw) {
				t.Errorf("%v: reads back as\n%s\nnot as\n%s", err, again2, raw)
			}
		})
	}
}
