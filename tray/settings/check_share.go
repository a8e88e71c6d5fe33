package settings

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

func (h Hooks) check() *problem {
	if len(h.OnChange) > 0 && strings.TrimSpace(h.OnChange[0]) == "" {
		return &problem{"hooks", "on_change", `names no program: write it as in ["/home/you/bin/on-air", "--lamp=desk"], or [] for none`}
	}
	if slices.ContainsFunc(h.OnChange, func(s string) bool { return strings.ContainsRune(s, 0) }) {
		return &problem{"hooks", "on_change", "holds a zero byte, which no program can be given"}
	}
	return nil
}

func (w Webhook) check() *problem {
	if w.URL == "" {
		return nil
	}
	if text := endpoint(w.URL, "https", "http"); text != "" {
		return &problem{"webhook", "url", text + `, as in "https://example.com/heliograph"`}
	}
	return nil
}

// levelName is one level of a topic, and of a Home Assistant id.
var levelName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (m MQTT) check() *problem {
	if m.Broker != "" {
		text := endpoint(m.Broker, "mqtts", "mqtt")
		if u, err := url.Parse(m.Broker); text == "" && err == nil && (strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
			text = "has a path, which brokers do not: use the host alone"
		}
		if text != "" {
			return &problem{"mqtt", "broker", text + `, as in "mqtts://broker.example"`}
		}
	}
	if m.Name != "" && !levelName.MatchString(m.Name) {
		return &problem{"mqtt", "name", `is no name for a topic: use letters, digits, "-" and "_"`}
	}
	for _, level := range strings.Split(m.Discovery, "/") {
		if m.Discovery != "" && !levelName.MatchString(level) {
			return &problem{"mqtt", "discovery", `is no prefix of topics: use "homeassistant" unless yours differs, or "" for none`}
		}
	}
	return nil
}

// endpoint says what is wrong with an address that state is sent to; empty:
// nothing. The second scheme is the one without encryption, which goes to near
// addresses only; a name is judged when it has been resolved.
func endpoint(raw, safe, plain string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "" || (u.Scheme != safe && u.Scheme != plain):
		return fmt.Sprintf("is no address: use %s://, or %s:// within your own network", safe, plain)
	case u.User != nil:
		return "holds a user or a password: secrets belong in the keyring, so leave them out"
	case u.Fragment != "":
		return "holds a #, which is never sent: leave it out"
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if ip = ip.Unmap(); err == nil && u.Scheme == plain && !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() {
		return fmt.Sprintf("leads out of your network without encryption: use %s://", safe)
	}
	return ""
}
