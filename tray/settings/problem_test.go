package settings

import (
	"path/filepath"
	"strings"
	"testing"
)

// application is an [account] that signs in without a person, and lacks the
// user; kiosk is whole.
const (
	application = "[account]\nsign_in = \"application\"\ntenant = \"contoso.com\"\n"
	kiosk       = application + "user = \"fa8bf3dc-eca7-46b7-bad1-db199b62afc3\"\n"
)

func TestApplicationIsAccepted(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	c, err := parseText([]byte(kiosk + "secret_file = '" + secret + "'\n"))
	if err != nil || c.Account.SignIn != "application" || c.Account.SecretFile != secret {
		t.Errorf("got %+v, %v", c.Account, err)
	}
	if _, err := parseText([]byte(kiosk + "api = \"beta\"\n")); err != nil {
		t.Error(err)
	}
}

// mistakes are wrong settings files, with what the error must contain.
var mistakes = map[string]struct {
	text string
	want []string
}{
	"unknown_key":      {"[account]\nclient = \"x\"\n", []string{"line 2", "account.client", "client_id", "tenant"}},
	"unknown_section":  {"\n[acount]\nclient_id = \"x\"\n", []string{"line 2", "acount", "account, automatic"}},
	"bad_duration":     {"[automatic]\n\naway_after = \"5\"\n", []string{"line 3", "automatic.away_after", `"5m"`}},
	"number_duration":  {"[automatic]\naway_after = 5\n", []string{"line 2", "automatic.away_after: 5 has no unit", `"5m"`}},
	"dotted_duration":  {"\nautomatic.away_after = 1.5\n", []string{"line 2", "automatic.away_after: 1.5 has no unit"}},
	"inline_duration":  {"automatic = { away_after = 5 }\n", []string{"line 1", "automatic.away_after: 5 has no unit"}},
	"bare_duration":    {"[automatic]\naway_after = 5m\n", []string{"line 2", "not valid TOML", `away_after = "5m"`}},
	"number_clock":     {"[automatic]\nwork_from = 8\n", []string{"line 2", "automatic.work_from", "quotes", `"08:00"`}},
	"bare_clock":       {"[automatic]\nwork_from = 08:30\n", []string{"line 2", "automatic.work_from", "quotes", `"08:00"`}},
	"number_day":       {"[automatic]\nwork_days = [1, 2]\n", []string{"line 2", "automatic.work_days", "quotes", `"mon"`}},
	"day_as_text":      {"[automatic]\nwork_days = \"mon\"\n", []string{"line 2", "automatic.work_days", "brackets", `["mon"`}},
	"bare_text":        {"[general]\nlanguage = de\n", []string{"line 2", "not valid TOML", `language = "auto"`}},
	"colon":            {"[general]\nlanguage: \"de\"\n", []string{"line 2", "not valid TOML", `language = "auto"`}},
	"bare_bool":        {"[automatic]\nbusy_in_call = yes\n", []string{"line 2", "not valid TOML", "busy_in_call = true"}},
	"backslashes":      {"[account]\nsecret_file = \"C:\\Users\\x\"\n", []string{"line 2", "not valid TOML", "single quotes"}},
	"twice":            {"[general]\nlanguage = \"de\"\nlanguage = \"en\"\n", []string{"line 3", "language: is there twice"}},
	"section_twice":    {"[general]\n[general]\n", []string{"line 2", "general: is there twice"}},
	"section_as_value": {"general = 1\n", []string{"line 1", "general: is a section", "[general]"}},
	"app_as_value":     {"[calls]\napp = [\"x\"]\n", []string{"line 2", "calls.app: is a list of sections", "[[calls.app]]"}},
	"value_as_section": {"[account.tenant]\n", []string{"line 1", "account.tenant: is not a section", `tenant = "organizations"`}},
	"value_in_value":   {"[account]\ntenant.id = \"x\"\n", []string{"line 2", "account.tenant.id", "config show"}},
	"second_app":       {"[[calls.app]]\nname=\"a\"\nclass=\"call\"\nmatch=[\"a\"]\n[[calls.app]]\nname=\"b\"\nclass=\"cal\"\nmatch=[\"b\"]\n", []string{"line 7", `calls.app.class: "cal"`}},
	"utf16":            {"\xff\xfe[\x00g\x00", []string{"UTF-8"}},
	"huge":             {strings.Repeat("#", maxSize+1), []string{"larger than 1048576 bytes"}},
	"too_long":         {"[automatic]\naway_after = \"25h\"\n", []string{"line 2", "automatic.away_after", `"24h"`}},
	"bad_cloud":        {"[account]\ncloud = \"mars\"\n", []string{"line 2", "account.cloud", "global, usgov-l4"}},
	"bad_client":       {"[account]\nclient_id = \"mine\"\n", []string{"line 2", "account.client_id", "Entra"}},
	"bad_tenant":       {"[account]\ntenant = \"a/b\"\n", []string{"line 2", "account.tenant", "contoso.com"}},
	"far_emulator":     {"[account]\nemulator = \"http://10.0.0.1:80\"\n", []string{"line 2", "account.emulator", "127.0.0.1"}},
	"emulator_path":    {"[account]\nemulator = \"http://127.0.0.1:80/x\"\n", []string{"line 2", "account.emulator"}},
	"wrong_type":       {"[calls]\nallow = \"zoom\"\n", []string{"line 2", "calls.allow", "brackets", "allow = ["}},
	"bool_as_text":     {"[automatic]\nbusy_in_call = \"yes\"\n", []string{"line 2", "automatic.busy_in_call", "true or", "without quotes"}},
	"bad_day":          {"[automatic]\nwork_days = [\"moonday\"]\n", []string{"line 2", "mon, tue"}},
	"bad_clock":        {"[automatic]\nwork_from = \"8am\"\n", []string{"line 2", "work_from", "08:30"}},
	"broken_toml":      {"[account]\nclient_id = \n", []string{"line 2", "not valid TOML", `client_id = "11111111-`}},
	"app_without_name": {"\n[[calls.app]]\nclass=\"call\"\n", []string{"line 2", "calls.app.name: is missing", "match"}},
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
	"hook_timeout":     {"[hooks]\ntimeout = \"0s\"\n", []string{"line 2", "hooks.timeout", `"10m"`}},
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
}

func TestErrorsNameKeyLineAndRemedy(t *testing.T) {
	for name, c := range mistakes {
		t.Run(name, func(t *testing.T) {
			_, err := parseText([]byte(c.text))
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
