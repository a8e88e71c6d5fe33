package settings

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// problem is a value that reads well and means nothing.
type problem struct{ section, key, text string }

// at adds the line that sets the key.
func (p *problem) at(data []byte) error {
	section := ""
	key := regexp.MustCompile(`^\s*` + regexp.QuoteMeta(p.key) + `\s*=`)
	for i, line := range strings.Split(string(data), "\n") {
		if s, ok := header(line); ok {
			section = s
		}
		if section == p.section && key.MatchString(line) {
			return fmt.Errorf("line %d: %s.%s: %s", i+1, p.section, p.key, p.text)
		}
	}
	return fmt.Errorf("%s.%s: %s", p.section, p.key, p.text)
}

func header(line string) (string, bool) {
	line, _, _ = strings.Cut(line, "#")
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "[") || !strings.HasSuffix(line, "]") {
		return "", false
	}
	return strings.TrimSpace(strings.Trim(line, "[]")), true
}

var clientID = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)

// tenantName is a tenant id, a verified domain, or one of Entra's own words.
var tenantName = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$`)

// check holds the values against what the program can do.
func (c *Config) check() *problem {
	between := func(section, key string, v Duration, low, high time.Duration) *problem {
		if d := time.Duration(v); d < low || d > high {
			return &problem{section, key, fmt.Sprintf("%s is out of range: use %s to %s", d, low, high)}
		}
		return nil
	}
	oneOf := func(section, key, v string, accepted []string) *problem {
		if !slices.Contains(accepted, v) {
			return &problem{section, key, fmt.Sprintf("%q is not accepted: use one of %s", v, strings.Join(accepted, ", "))}
		}
		return nil
	}
	for _, p := range []*problem{
		c.Account.check(),
		oneOf("general", "language", string(c.General.Language), languages),
		oneOf("account", "cloud", string(c.Account.Cloud), clouds),
		oneOf("account", "api", string(c.Account.API), apis),
		oneOf("account", "sign_in", string(c.Account.SignIn), signIns),
		c.checkApplication(),
		oneOf("log", "level", string(c.Log.Level), levels),
		between("automatic", "away_after", c.Automatic.AwayAfter, 0, 24*time.Hour),
		between("calls", "debounce", c.Calls.Debounce, 0, 5*time.Minute),
		between("calls", "grace", c.Calls.Grace, 0, 10*time.Minute),
		between("hooks", "timeout", c.Hooks.Timeout, time.Second, 10*time.Minute),
		c.Hooks.check(),
		c.Webhook.check(),
		c.MQTT.check(),
	} {
		if p != nil {
			return p
		}
	}
	if d := time.Duration(c.Automatic.AwayAfter); d > 0 && d < time.Second {
		return &problem{"automatic", "away_after", fmt.Sprintf(`%s is out of range: use "1s" to "24h", or "0s" for never`, d)}
	}
	if len(c.Automatic.WorkDays) > 0 && c.Automatic.WorkFrom == c.Automatic.WorkTo {
		return &problem{"automatic", "work_to", "is the same as work_from: leave work_days empty for no working hours"}
	}
	if len([]rune(c.Automatic.CallMessage)) > 280 {
		return &problem{"automatic", "call_message", "is longer than 280 characters, the most that Teams shows"}
	}
	for _, a := range c.Calls.App {
		if a.Name == "" || len(a.Match) == 0 {
			return &problem{"calls.app", "name", "every [[calls.app]] needs name, class and match"}
		}
		if p := oneOf("calls.app", "class", string(a.Class), classes); p != nil {
			return p
		}
	}
	return nil
}

func (a Account) check() *problem {
	if a.ClientID != "" && !clientID.MatchString(a.ClientID) {
		return &problem{"account", "client_id", "is no application (client) id: copy the one on the application's page in Entra, as in 11111111-2222-3333-4444-555555555555"}
	}
	if !tenantName.MatchString(a.Tenant) {
		return &problem{"account", "tenant", `is no tenant: use its id, one of its domains such as "contoso.com", or "organizations"`}
	}
	if a.Emulator == "" {
		return nil
	}
	u, err := url.Parse(a.Emulator)
	if err != nil || u.Scheme != "http" || u.Port() == "" || (u.Path != "" && u.Path != "/") {
		return &problem{"account", "emulator", `is no emulator address: use one as in "http://127.0.0.1:8089"`}
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return &problem{"account", "emulator", "must be on this machine: use a loopback address as in http://127.0.0.1:8089"}
	}
	return nil
}

// checkApplication holds the account against what an application that signs in
// by itself needs.
func (c *Config) checkApplication() *problem {
	a := c.Account
	if a.SignIn != "application" {
		return nil
	}
	switch {
	case a.User == "":
		return &problem{"account", "user", `is missing: sign_in = "application" needs the object id of the user whose presence is set`}
	case !clientID.MatchString(a.User):
		return &problem{"account", "user", "is no object id: copy the one on the user's page in Entra, as in 11111111-2222-3333-4444-555555555555"}
	case slices.Contains([]string{"organizations", "common", "consumers"}, a.Tenant):
		return &problem{"account", "tenant", `must name one tenant for sign_in = "application": use its id or one of its domains`}
	case a.SecretFile != "" && a.CertificateFile != "":
		return &problem{"account", "certificate_file", "is set beside secret_file: keep one of them"}
	case a.API == "beta" && c.Automatic.PresentWhenSharing:
		return &problem{"automatic", "present_when_sharing", `has no Presenting to set with api = "beta" and sign_in = "application": use api = "v1.0"`}
	}
	for key, file := range map[string]string{"secret_file": a.SecretFile, "certificate_file": a.CertificateFile} {
		if file != "" && !filepath.IsAbs(file) {
			return &problem{"account", key, "is no full path: begin it at the root"}
		}
	}
	return nil
}

// explain turns the decoder's errors into one line for a person.
func explain(err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		e := strict.Errors[0]
		row, _ := e.Position()
		key := strings.Join(e.Key(), ".")
		return fmt.Errorf("line %d: unknown key %s: %s", row, key, accepted(e.Key()))
	}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		row, _ := decode.Position()
		text := strings.TrimPrefix(decode.Error(), "toml: ")
		if key := strings.Join(decode.Key(), "."); key != "" {
			return fmt.Errorf("line %d: %s: %s", row, key, text)
		}
		return fmt.Errorf("line %d: %s", row, text)
	}
	return err
}

// accepted lists the keys that stand beside an unknown one.
func accepted(key []string) string {
	t := reflect.TypeOf(Config{})
	where := "sections"
	for _, k := range key[:len(key)-1] {
		f, ok := field(t, k)
		if !ok {
			break
		}
		for t = f.Type; t.Kind() == reflect.Slice; {
			t = t.Elem()
		}
		where = "keys of [" + k + "]"
	}
	if t.Kind() != reflect.Struct {
		return "it takes no keys"
	}
	var names []string
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("toml"))
	}
	sort.Strings(names)
	return fmt.Sprintf("the %s are %s", where, strings.Join(names, ", "))
}

func field(t reflect.Type, name string) (reflect.StructField, bool) {
	if t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("toml") == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}
