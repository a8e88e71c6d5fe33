package outlets

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"heliograph/build/wait"
)

// newMQTTHub starts a hub with one MQTT outlet.
func newMQTTHub(t *testing.T, o MQTT) (*Hub, *buffer) {
	t.Helper()
	return newHub(t, Options{MQTT: o})
}

func TestMQTTStateAndAvailability(t *testing.T) {
	b := newBroker(t, nil, "allow_anonymous true")
	h, _ := newMQTTHub(t, MQTT{Broker: b.url("mqtt"), Name: "My Desk"})
	messages := b.listen("heliograph/#")
	h.Publish(available())
	wait.Until(t, "the state is retained", func() bool { return b.rule("my_desk") == "input" })
	h.Publish(inCall())
	wait.Until(t, "the call is retained", func() bool { return b.rule("my_desk") == "call" })
	checkState(t, []byte(b.retained("heliograph/my_desk/state")), inCall(), false)
	if got := b.retained("heliograph/my_desk/availability"); got != "online" {
		t.Errorf("availability %q", got)
	}
	if got := b.retained("homeassistant/#", "-v"); got != "" {
		t.Errorf("Home Assistant got %s", got)
	}
	if p := h.Parts()[0]; p.Name != "mqtt" || p.Problem != "" || p.Backend != "localhost:"+b.port {
		t.Errorf("%+v", p)
	}
	h.Close(t.Context())
	if got := b.retained("heliograph/my_desk/availability"); got != "offline" {
		t.Errorf("after Close availability is %q", got)
	}
	wait.Until(t, "all messages have arrived", func() bool { return strings.Contains(messages(), "availability offline") })
	if n := strings.Count(messages(), "availability offline"); n != 1 {
		t.Errorf("offline was published %d times", n)
	}
}

// TestMQTTLostClientIsOffline ends the connection as a crash would.
func TestMQTTLostClientIsOffline(t *testing.T) {
	b := newBroker(t, nil, "allow_anonymous true")
	h, _ := newMQTTHub(t, MQTT{Broker: b.url("mqtt"), Name: "desk"})
	h.Publish(available())
	wait.Until(t, "online", func() bool { return b.retained("heliograph/desk/availability") == "online" })
	ctx, cancel := context.WithCancel(t.Context())
	h.cancel() // it does not publish offline itself
	cancel()
	h.Close(ctx)
	wait.Until(t, "the broker says offline", func() bool { return b.retained("heliograph/desk/availability") == "offline" })
}

func TestMQTTDiscovery(t *testing.T) {
	b := newBroker(t, nil, "allow_anonymous true")
	command := func(string) {}
	o := MQTT{Broker: b.url("mqtt"), Name: "desk", Discovery: "homeassistant", Command: command, Statuses: []string{"automatic", "busy"}}
	h, _ := newMQTTHub(t, o)
	h.Publish(inCall())
	wait.Until(t, "the state is retained", func() bool { return b.state("desk").Activity.InCall })
	for topic, want := range map[string]string{
		"sensor/heliograph_desk/presence": "{{ value_json.wanted.availability }}", "sensor/heliograph_desk/reason": "reason.text",
		"binary_sensor/heliograph_desk/in_call": "activity.inCall", "sensor/heliograph_desk/call_app": "activity.call",
		"binary_sensor/heliograph_desk/locked": "activity.locked", "binary_sensor/heliograph_desk/idle": "activity.idle", "select/heliograph_desk/status": "choice.status",
	} {
		var c struct {
			Template     string `json:"value_template"`
			ID           string `json:"unique_id"`
			State        string `json:"state_topic"`
			Availability string `json:"availability_topic"`
			Command      string `json:"command_topic"`
			Options      []string
			Device       struct{ Identifiers []string }
		}
		raw := b.retained("homeassistant/" + topic + "/config")
		if err := json.Unmarshal([]byte(raw), &c); err != nil {
			t.Fatalf("%s: %v: %s", topic, err, raw)
		}
		if !strings.Contains(c.Template, want) || c.ID == "" || c.State != "heliograph/desk/state" || c.Availability != "heliograph/desk/availability" || len(c.Device.Identifiers) != 1 {
			t.Errorf("%s: %s", topic, raw)
		}
		if isSelect := strings.HasPrefix(topic, "select"); isSelect != (c.Command == "heliograph/desk/set") || (isSelect && len(c.Options) != 2) {
			t.Errorf("%s: %s", topic, raw)
		}
	}
	h.Close(t.Context())
	o.Command = nil // the user does not allow it any more
	h, _ = newMQTTHub(t, o)
	h.Publish(available())
	wait.Until(t, "the state is retained", func() bool { return b.rule("desk") == "input" })
	if got := b.retained("homeassistant/select/heliograph_desk/status/config"); got != "" {
		t.Errorf("the select is still there: %s", got)
	}
}

// TestMQTTCommands carries out each status that is allowed, and logs one line
// for a command that is not a status.
func TestMQTTCommands(t *testing.T) {
	b := newBroker(t, nil, "allow_anonymous true")
	got := make(chan string, 8)
	statuses := []string{"automatic", "busy", "paused"}
	o := MQTT{Broker: b.url("mqtt"), Name: "desk", Command: func(s string) { got <- s }, Statuses: statuses}
	b.send("heliograph/desk/set", "automatic", "-r") // retained from before: nobody asks now
	h, out := newMQTTHub(t, o)
	h.Publish(available())
	wait.Until(t, "online", func() bool { return b.retained("heliograph/desk/availability") == "online" })
	b.send("heliograph/desk/set", "dance")
	b.send("heliograph/desk/other", "busy")
	for payload, want := range map[string]string{" Busy\n": "busy", "paused": "paused", "automatic": "automatic"} {
		b.send("heliograph/desk/set", payload)
		select {
		case s := <-got:
			if s != want {
				t.Errorf("%q commanded %q", payload, s)
			}
		case <-time.After(wait.Patience):
			t.Fatalf("%q did not arrive", payload)
		}
	}
	if len(got) != 0 {
		t.Errorf("%d more commands", len(got))
	}
	lines := 0
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "MQTT command refused") {
			lines++
			if !strings.Contains(line, "level=WARN") || !strings.Contains(line, "automatic, busy, paused") {
				t.Errorf("it does not say what is accepted: %s", line)
			}
		}
	}
	if lines != 1 || strings.Contains(out.String(), "dance") {
		t.Errorf("%d lines about the refused command:\n%s", lines, out)
	}
}

// TestMQTTSubscribesToNoCommandsUnlessAllowed reads the broker's log.
func TestMQTTSubscribesToNoCommandsUnlessAllowed(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	b := newBroker(t, nil, "allow_anonymous true", "log_type subscribe", "log_dest file "+log)
	h, _ := newMQTTHub(t, MQTT{Broker: b.url("mqtt"), Name: "desk", Statuses: []string{"busy"}})
	h.Publish(available())
	wait.Until(t, "the state is retained", func() bool { return b.rule("desk") == "input" })
	b.stop()
	if got := read(log); !strings.Contains(got, "heliograph/desk/state") || strings.Contains(got, "heliograph/desk/set") {
		t.Errorf("subscriptions:\n%s", got)
	}
}

// TestMQTTBrokerRestarts loses the broker with everything that it retained, while
// the state changes.
func TestMQTTBrokerRestarts(t *testing.T) {
	b := newBroker(t, nil, "allow_anonymous true")
	h, out := newMQTTHub(t, MQTT{Broker: b.url("mqtt"), Name: "desk", Discovery: "homeassistant"})
	h.Publish(available())
	wait.Until(t, "the state is retained", func() bool { return b.rule("desk") == "input" })
	b.stop()
	wait.Until(t, "the problem shows", func() bool { return h.Parts()[0].Problem != "" })
	h.Publish(inCall())
	b.start()
	wait.Until(t, "the call is retained", func() bool { return b.state("desk").Activity.InCall })
	wait.Until(t, "no problem shows", func() bool { return h.Parts()[0].Problem == "" })
	if b.retained("homeassistant/sensor/heliograph_desk/presence/config") == "" || b.retained("heliograph/desk/availability") != "online" {
		t.Error("the new broker does not have the device and its availability")
	}
	if !strings.Contains(out.String(), "works again") {
		t.Errorf("log: %s", out)
	}
}

func TestMQTTPassword(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passwords")
	if out, err := exec.Command("mosquitto_passwd", "-b", "-c", file, "desk", "s3cret").CombinedOutput(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			skipWithout(t, "mosquitto_passwd: apt-get install mosquitto")
		}
		t.Fatalf("%v: %s", err, out)
	}
	b := newBroker(t, nil, "allow_anonymous false", "password_file "+file)
	b.client = append(b.client, "-u", "desk", "-P", "s3cret")
	var mu sync.Mutex
	password, trouble := "wrong", error(nil)
	o := MQTT{Broker: b.url("mqtt"), Name: "desk", Username: "desk", Password: func(context.Context) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		return []byte(password), trouble
	}}
	h, out := newMQTTHub(t, o)
	h.Publish(available())
	wait.Until(t, "the refusal shows", func() bool { return strings.Contains(h.Parts()[0].Fix, "secret set mqtt") })
	mu.Lock()
	trouble = errors.New("keyring is locked")
	mu.Unlock()
	h.Publish(inCall()) // a change tries at once
	wait.Until(t, "the locked keyring shows", func() bool { return strings.Contains(h.Parts()[0].Problem, "keyring is locked") })
	if fix := h.Parts()[0].Fix; fix != secretFix {
		t.Errorf("fix of a keyring that cannot be read: %q, want %q", fix, secretFix)
	}
	mu.Lock()
	password, trouble = "s3cret", nil
	mu.Unlock()
	h.Publish(available())
	wait.Until(t, "the state is retained", func() bool { return b.rule("desk") == "input" })
	if strings.Contains(out.String(), "s3cret") || strings.Contains(out.String(), "wrong") {
		t.Errorf("a password was logged:\n%s", out)
	}
}

// TestMQTTWithoutKeyring: a broker that wants no password is used although the
// keyring cannot be read.
func TestMQTTWithoutKeyring(t *testing.T) {
	b := newBroker(t, nil, "allow_anonymous true")
	h, _ := newMQTTHub(t, MQTT{Broker: b.url("mqtt"), Name: "desk", Password: func(context.Context) ([]byte, error) {
		return nil, errors.New("there is no keyring service")
	}})
	h.Publish(available())
	wait.Until(t, "the state is retained", func() bool { return b.rule("desk") == "input" })
}

func TestMQTTOverTLS(t *testing.T) {
	a := newAuthority(t)
	b := newBroker(t, a, "allow_anonymous true")
	b.client[1] = "localhost" // the name in the certificate
	h, _ := newMQTTHub(t, MQTT{Broker: b.url("mqtts"), Name: "desk", CAFile: a.ca})
	h.Publish(available())
	wait.Until(t, "the state is retained", func() bool { return b.rule("desk") == "input" })
	for name, c := range map[string]struct {
		o    MQTT
		want string // in problem and fix
	}{
		"unknown_authority": {MQTT{Broker: b.url("mqtts")}, "ca_file"},
		"other_name":        {MQTT{Broker: "mqtts://127.0.0.1:" + b.port, CAFile: a.ca}, "as its certificate does"},
		"no_such_file":      {MQTT{Broker: b.url("mqtts"), CAFile: "/no/such/file"}, "cannot be read"},
		"no_certificate":    {MQTT{Broker: b.url("mqtts"), CAFile: b.config}, "no certificate"},
		"plain_to_tls":      {MQTT{Broker: b.url("mqtt")}, "[mqtt] broker"},
		"scheme":            {MQTT{Broker: "https://localhost"}, "mqtts://"},
		"unencrypted":       {MQTT{Broker: "mqtt://192.0.2.1"}, "use mqtts://"},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Name = "other"
			h, _ := newMQTTHub(t, c.o)
			h.Publish(available())
			wait.Until(t, "the problem shows", func() bool { p := h.Parts()[0]; return strings.Contains(p.Problem+p.Fix, c.want) })
		})
	}
}

// TestMQTTNameTakenTwice has two computers under one name.
func TestMQTTNameTakenTwice(t *testing.T) {
	b := newBroker(t, nil, "allow_anonymous true")
	first, _ := newMQTTHub(t, MQTT{Broker: b.url("mqtt"), Name: "desk"})
	first.Publish(available())
	wait.Until(t, "the state is retained", func() bool { return b.rule("desk") == "input" })
	second, _ := newMQTTHub(t, MQTT{Broker: b.url("mqtt"), Name: "desk"})
	second.Publish(inCall())
	wait.Until(t, "the first names the fix", func() bool { return strings.Contains(first.Parts()[0].Fix, "a [mqtt] name of its own") })
}
