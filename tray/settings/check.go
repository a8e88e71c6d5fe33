package settings

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// guid is how Entra writes the ids of applications, tenants and users.
var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)

// tenantName is a tenant id, a verified domain, or one of Entra's own words.
var tenantName = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$`)

// maxMessage is the most that Teams shows of a status message, in characters.
const maxMessage = 280

// check finds the first value that is well written and cannot be used.
func (c *Config) check() *Problem {
	for _, check := range []func() *Problem{
		c.checkWords, c.checkSpans, c.Account.check, c.checkApplication, c.checkAutomatic, c.checkApps, c.Hooks.check, c.Webhook.check, c.MQTT.check,
	} {
		if p := check(); p != nil {
			return p
		}
	}
	return nil
}

// checkWords checks each setting that is one of a list of words.
func (c *Config) checkWords() *Problem {
	for _, w := range []struct {
		key, value string
		accepted   []string
	}{
		{"general.language", string(c.General.Language), languages},
		{"account.cloud", string(c.Account.Cloud), clouds},
		{"account.api", string(c.Account.API), apis},
		{"account.sign_in", string(c.Account.SignIn), signIns},
		{"log.level", string(c.Log.Level), levels},
	} {
		if p := oneOf(w.key, w.value, w.accepted); p != nil {
			return p
		}
	}
	return nil
}

func oneOf(key, value string, accepted []string) *Problem {
	if slices.Contains(accepted, value) {
		return nil
	}
	return wrong(key, "%q is not accepted: use one of %s", value, strings.Join(accepted, ", "))
}

// checkSpans checks each span of time.
func (c *Config) checkSpans() *Problem {
	for _, s := range []struct {
		key       string
		value     Duration
		low, high time.Duration
	}{
		{"automatic.away_after", c.Automatic.AwayAfter, 0, 24 * time.Hour},
		{"calls.debounce", c.Calls.Debounce, 0, 5 * time.Minute},
		{"calls.grace", c.Calls.Grace, 0, 10 * time.Minute},
		{"hooks.timeout", c.Hooks.Timeout, time.Second, 10 * time.Minute},
	} {
		if d := time.Duration(s.value); d < s.low || d > s.high {
			return wrong(s.key, "%s is out of range: use %q to %q", s.value, Duration(s.low), Duration(s.high))
		}
	}
	if d := time.Duration(c.Automatic.AwayAfter); d > 0 && d < time.Second {
		return wrong("automatic.away_after", `%s is out of range: use "1s" to "24h", or "0s" for never`, d)
	}
	return nil
}

func (c *Config) checkAutomatic() *Problem {
	a := c.Automatic
	if len(a.WorkDays) > 0 && a.WorkFrom == a.WorkTo {
		return wrong("automatic.work_to", "is the same as work_from: leave work_days empty for no working hours")
	}
	if utf8.RuneCountInString(a.CallMessage) > maxMessage {
		return wrong("automatic.call_message", "is longer than %d characters, the most that Teams shows: shorten it", maxMessage)
	}
	return nil
}

func (c *Config) checkApps() *Problem {
	for i, a := range c.Calls.App {
		key := fmt.Sprintf("calls.app[%d].", i)
		switch {
		case a.Name == "":
			return wrong(key+"name", "is missing: every [[calls.app]] needs name, class and match")
		case len(a.Match) == 0:
			return wrong(key+"match", "is missing: every [[calls.app]] needs name, class and match")
		}
		if p := oneOf(key+"class", string(a.Class), classes); p != nil {
			return p
		}
	}
	return nil
}

func (a Account) check() *Problem {
	if a.ClientID != "" && !guid.MatchString(a.ClientID) {
		return wrong("account.client_id", "is not an application (client) id: copy the one on the application's page in Entra, as in 11111111-2222-3333-4444-555555555555")
	}
	if !tenantName.MatchString(a.Tenant) {
		return wrong("account.tenant", `is not a tenant: use its id, one of its domains such as "contoso.com", or "organizations"`)
	}
	if a.Emulator == "" {
		return nil
	}
	u, err := url.Parse(a.Emulator)
	if err != nil || u.Scheme != "http" || u.Port() == "" || (u.Path != "" && u.Path != "/") {
		return wrong("account.emulator", `is not the address of an emulator: use one as in "http://127.0.0.1:8089"`)
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return wrong("account.emulator", "must be on this computer: use a loopback address as in http://127.0.0.1:8089")
	}
	return nil
}

// checkApplication checks what an application needs that signs in without a
// person.
func (c *Config) checkApplication() *Problem {
	a := c.Account
	if a.SignIn != "application" {
		return nil
	}
	switch {
	case a.User == "":
		return wrong("account.user", `is missing: sign_in = "application" needs the object id of the user whose presence is set`)
	case !guid.MatchString(a.User):
		return wrong("account.user", "is not an object id: copy the one on the user's page in Entra, as in 11111111-2222-3333-4444-555555555555")
	case slices.Contains([]string{"organizations", "common", "consumers"}, a.Tenant):
		return wrong("account.tenant", `must name one tenant for sign_in = "application": use its id or one of its domains`)
	case a.SecretFile != "" && a.CertificateFile != "":
		return wrong("account.certificate_file", "is set beside secret_file: keep one of them")
	case a.API == "beta" && c.Automatic.PresentWhenSharing:
		return wrong("automatic.present_when_sharing", `cannot be set with api = "beta" and sign_in = "application", which have no Presenting: use api = "v1.0"`)
	case a.SecretFile != "" && !filepath.IsAbs(a.SecretFile):
		return wrong("account.secret_file", "is not a full path: begin it at the root")
	case a.CertificateFile != "" && !filepath.IsAbs(a.CertificateFile):
		return wrong("account.certificate_file", "is not a full path: begin it at the root")
	}
	return nil
}
