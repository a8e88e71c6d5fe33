package settings

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

func (h Hooks) check() *Problem {
	if len(h.OnChange) > 0 && strings.TrimSpace(h.OnChange[0]) == "" {
		return wrong("hooks.on_change", `does not name a program: write it as in ["/home/you/bin/on-air", "--lamp=desk"], or [] for none`)
	}
	if slices.ContainsFunc(h.OnChange, func(s string) bool { return strings.ContainsRune(s, 0) }) {
		return wrong("hooks.on_change", "contains a zero byte, which cannot be passed to a program: leave it out")
	}
	return nil
}

func (w Webhook) check() *Problem {
	if w.URL == "" {
		return nil
	}
	if text := endpointMistake(w.URL, "https", "http"); text != "" {
		return wrong("webhook.url", `%s, as in "https://example.com/heliograph"`, text)
	}
	return nil
}

// levelName is one level of a topic, and of a Home Assistant id.
var levelName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (m MQTT) check() *Problem {
	if m.Broker != "" {
		text := endpointMistake(m.Broker, "mqtts", "mqtt")
		if u, err := url.Parse(m.Broker); text == "" && err == nil && (strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
			text = "has a path, which brokers do not have: use the host alone"
		}
		if text != "" {
			return wrong("mqtt.broker", `%s, as in "mqtts://broker.example"`, text)
		}
	}
	if m.Name != "" && !levelName.MatchString(m.Name) {
		return wrong("mqtt.name", `cannot be part of a topic: use letters, digits, "-" and "_"`)
	}
	for level := range strings.SplitSeq(m.Discovery, "/") {
		if m.Discovery != "" && !levelName.MatchString(level) {
			return wrong("mqtt.discovery", `cannot begin a topic: use "homeassistant" unless yours differs, or "" for none`)
		}
	}
	return nil
}

// endpointMistake says what is wrong with an address that the state is sent to;
// empty: nothing. The plain scheme, without encryption, is accepted for hosts of
// the own network; a name is checked when it is resolved.
func endpointMistake(raw, encrypted, plain string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "" || (u.Scheme != encrypted && u.Scheme != plain):
		return fmt.Sprintf("is not an address: use %s://, or %s:// within your own network", encrypted, plain)
	case u.User != nil:
		return "contains a user or a password: secrets belong in the keyring, so leave them out"
	case u.Fragment != "":
		return "contains a #, which is never sent: leave it out"
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if ip = ip.Unmap(); err == nil && u.Scheme == plain && !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() {
		return fmt.Sprintf("is outside your network and without encryption: use %s://", encrypted)
	}
	return ""
}
