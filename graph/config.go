// Package graph is the only package that connects to Microsoft: it signs a
// person or an application in, keeps the tokens in the operating system's
// keyring, and makes the presence requests of Microsoft Graph. It never writes
// a secret to a log, a file or an error.
//
// It has no sentences for people: Explain returns the key of one.
package graph

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// microsoftCloud is a Microsoft cloud that has presence.
//
// Source: https://learn.microsoft.com/graph/deployments
type microsoftCloud struct {
	Authority string // the address of its sign-in
	Graph     string // the address of Microsoft Graph
	Beta      bool   // its beta endpoint has presence, too
}

// clouds by their names in the settings file.
var clouds = map[string]microsoftCloud{
	"global":   {"https://login.microsoftonline.com", "https://graph.microsoft.com", true},
	"usgov-l4": {"https://login.microsoftonline.us", "https://graph.microsoft.us", false},
	"usgov-l5": {"https://login.microsoftonline.us", "https://dod-graph.microsoft.us", false},
}

// emulated is the cloud of an emulator: its names do not resolve, and only the
// emulator's transport reaches them.
var emulated = microsoftCloud{"https://login.heliograph.test", "https://graph.heliograph.test", true}

// ErrNoPresence reports the cloud of China, which Microsoft runs without
// presence.
var ErrNoPresence = errors.New("the Microsoft cloud in China has no presence interface: heliograph cannot set presence there")

// Config says who signs in, and where.
type Config struct {
	ClientID string
	Tenant   string // id or domain; empty: "organizations"
	Cloud    string // "global" (default), "usgov-l4", "usgov-l5"
	API      string // "v1.0" (default) or "beta"
	// Emulator is the http origin of an emulator that is used instead of Cloud.
	Emulator string
	// Transport reaches an emulator in this process that is used instead of
	// Cloud.
	Transport http.RoundTripper
	// Application makes the application itself sign in, without a person; nil:
	// a person signs in.
	Application *Application
	Log         *slog.Logger // nil: nothing is logged
	// Now returns the clock that a user can set; nil: the computer's own.
	Now func() time.Time
}

// callTimeout bounds one exchange with a server.
const callTimeout = 10 * time.Second

// ErrNoClientID reports that the one setting without a default is missing.
var ErrNoClientID = errors.New("no application (client) id is set: register an application in Entra and put its id into the settings file, [account] client_id")

// resolve checks the config and finds its cloud and transport.
func (c *Config) resolve() (microsoftCloud, http.RoundTripper, error) {
	if c.ClientID == "" {
		return microsoftCloud{}, nil, ErrNoClientID
	}
	if c.Tenant == "" {
		c.Tenant = "organizations"
	}
	if c.API == "" {
		c.API = "v1.0"
	}
	if c.Now == nil {
		c.Now = computerClock
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Application != nil {
		if err := c.Application.check(c.Tenant); err != nil {
			return microsoftCloud{}, nil, fmt.Errorf("application sign-in: %w", err)
		}
	}
	if c.Transport != nil {
		return emulated, c.Transport, nil
	}
	if c.Emulator != "" {
		u, err := url.Parse(c.Emulator)
		if err != nil || u.Scheme != "http" || u.Host == "" {
			return microsoftCloud{}, nil, fmt.Errorf("emulator address %q: use one as in http://127.0.0.1:8089", c.Emulator)
		}
		return emulated, rewrite{origin: u, next: newTransport()}, nil
	}
	name := strings.ToLower(c.Cloud)
	if name == "" {
		name = "global"
	}
	if name == "china" {
		return microsoftCloud{}, nil, ErrNoPresence
	}
	cloud, ok := clouds[name]
	if !ok {
		return microsoftCloud{}, nil, fmt.Errorf("unknown cloud %q: use global, usgov-l4 or usgov-l5", c.Cloud)
	}
	if c.API == "beta" && !cloud.Beta {
		return microsoftCloud{}, nil, fmt.Errorf("cloud %s has presence in v1.0 only", name)
	}
	return cloud, microsoftOnly{hosts: cloud.hosts(), next: newTransport()}, nil
}

// hosts are the hosts that may get a token: Graph's, and those of every cloud's
// sign-in, since Entra sends the tenants of one cloud to another's.
func (c microsoftCloud) hosts() map[string]bool {
	all := map[string]bool{strings.TrimPrefix(c.Graph, "https://"): true}
	for _, known := range clouds {
		all[strings.TrimPrefix(known.Authority, "https://")] = true
	}
	return all
}
