package outlets

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/eclipse/paho.golang/paho"
	"golang.org/x/time/rate"

	"heliograph/detect/latest"
	"heliograph/tray/control"
)

// MQTT is a broker that keeps the newest state for its subscribers. Home
// Assistant is one of them, and gets a description of the device. The broker
// must speak MQTT 5 (mosquitto does since 1.6).
//
// The topics are under heliograph/NAME/: state (JSON, retained) and
// availability ("online" or "offline", retained; the broker itself publishes
// "offline" if heliograph disappears). With Command, set takes a status.
type MQTT struct {
	// Broker is mqtts://host[:8883], or mqtt://host[:1883] on this machine or a
	// private network only. Empty: no MQTT.
	Broker string
	// Username and Password sign in. Password is read with each connection; it
	// may be nil or return nothing.
	Username string
	Password func(context.Context) ([]byte, error)
	// CAFile is a PEM file with the authority that signed the broker's
	// certificate, trusted beside those of the system; empty: only those.
	CAFile string
	// Name is this computer's in topics and in Home Assistant; empty: the name of
	// the host.
	Name string
	// Discovery is the prefix of Home Assistant's discovery topics, usually
	// "homeassistant"; empty: the device is not described to it.
	Discovery string
	// Account includes the name of the signed-in account.
	Account bool
	// Command gets the name of a status, one of Statuses, that somebody asked
	// for. It must return at once. Nil: commands are not accepted.
	Command  func(status string)
	Statuses []string
}

// keepAlive is how long the connection may be silent before a ping. It is the
// only thing that wakes an idle process, so it is long; a broker notices a
// computer that lost its power after one and a half of it. When a computer ends
// its programs, it closes their connections, which a broker sees at once. Home
// routers keep a silent connection longer than this (RFC 5382: two hours).
const keepAlive = 5 * time.Minute

// mqttTimeout bounds one exchange with the broker.
const mqttTimeout = 10 * time.Second

// steady is how long a connection must have lived for the next failure to count
// as the first one: a broker that ends each connection at once is not asked
// every second.
const steady = time.Minute

// mqtt is the client of one broker.
type mqtt struct {
	MQTT
	log    *slog.Logger
	report *report
	broker *url.URL // nil: not a URL, which connecting reports
	// refusals bounds the log lines about commands that are not accepted: ten,
	// then one a minute.
	refusals rate.Sometimes
	// commands holds the newest command that was not carried out yet.
	commands chan string
}

// Commands are carried out at once, but after a few only one each two seconds,
// and then the newest: a broker, or an automation that runs wild, must not make
// requests to Microsoft as fast as it can send.
const (
	commandBurst = 3
	commandPause = 2 * time.Second
)

func newMQTT(o MQTT, log *slog.Logger) *mqtt {
	m := &mqtt{MQTT: o, log: log, refusals: rate.Sometimes{First: 10, Interval: time.Minute}, commands: make(chan string, 1)}
	m.broker, _ = url.Parse(o.Broker)
	if m.Name == "" {
		m.Name, _ = os.Hostname()
		m.Name, _, _ = strings.Cut(m.Name, ".")
	}
	if m.Name = topicName(m.Name); m.Name == "" {
		m.Name = "desk"
	}
	return m
}

// topicName returns s with only the characters that are allowed in a topic and
// in a Home Assistant id.
func topicName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '_'
	}, s)
}

func (m *mqtt) host() string {
	if m.broker == nil {
		return ""
	}
	return m.broker.Host
}

func (m *mqtt) topic(leaf string) string { return "heliograph/" + m.Name + "/" + leaf }

// run keeps a connection from the first state on.
func (m *mqtt) run(ctx context.Context, states <-chan control.State) {
	running, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() { m.carryOut(running) })
	defer wait.Wait()
	defer stop()
	s, ok := <-states
	failures, pauses := 0, newBackOff()
	for ok && ctx.Err() == nil {
		began := time.Now()
		var err error
		if s, err = m.session(ctx, s, states); err == nil || ctx.Err() != nil {
			return
		}
		if time.Since(began) > steady {
			failures = 0
			pauses.Reset()
		}
		failures++
		m.report.failing(err, mqttFix(err, failures))
		s, ok = pauseFor(ctx, pauses.NextBackOff(), s, states)
	}
}

// changePause is how soon after a failure a change of the state leads to another
// try, before the pause has ended.
const changePause = 5 * time.Second

// pauseFor lets a pause pass, and returns the state of then; it reports false once
// states is closed. A change is worth an earlier try, but not one each.
func pauseFor(ctx context.Context, pause time.Duration, s control.State, states <-chan control.State) (_ control.State, ok bool) {
	end, early := time.NewTimer(pause), time.NewTimer(changePause)
	defer end.Stop()
	defer early.Stop()
	changed, may := false, false
	for {
		select {
		case <-end.C:
			return s, true
		case <-early.C:
			may = true
		case next, open := <-states:
			if !open {
				return s, false
			}
			s, changed = next, true
		case <-ctx.Done():
			return s, true
		}
		if changed && may {
			return s, true
		}
	}
}

// session holds one connection, beginning with s. It returns the state that was
// or should have been published last, and no error once states is closed.
func (m *mqtt) session(ctx context.Context, s control.State, states <-chan control.State) (control.State, error) {
	c, err := m.connect(ctx)
	if err != nil {
		return s, err
	}
	defer c.close()
	if err := m.introduce(ctx, c); err != nil {
		return s, err
	}
	for {
		raw, err := encode(s, m.Account)
		if err != nil {
			return s, err
		}
		if err := c.retain(ctx, m.topic("state"), raw); err != nil {
			return s, err
		}
		m.report.healthy("last published at " + clock())
		select {
		case next, ok := <-states:
			if !ok {
				m.leave(ctx, c)
				return s, nil
			}
			s = next
		case <-c.life.Done():
			return s, context.Cause(c.life)
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

// introduce describes the device, subscribes to commands and reports that
// heliograph is online.
func (m *mqtt) introduce(ctx context.Context, c *connection) error {
	for topic, config := range m.discovery() {
		if err := c.retain(ctx, topic, config); err != nil {
			return err
		}
	}
	if m.Command != nil {
		ctx, cancel := c.within(ctx)
		defer cancel()
		// RetainHandling 2: a retained command would be carried out again with each
		// connection, so the broker must not send it.
		_, err := c.client.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: m.topic("set"), QoS: 1, RetainHandling: 2}}})
		if err != nil {
			return c.explain(fmt.Errorf("the broker refuses the subscription: %w", err))
		}
	}
	return c.retain(ctx, m.topic("availability"), []byte("online"))
}

// leave reports that heliograph is offline: the broker does so itself only when
// a connection is lost.
func (m *mqtt) leave(ctx context.Context, c *connection) {
	if err := c.retain(ctx, m.topic("availability"), []byte("offline")); err != nil {
		m.log.Debug("MQTT: offline was not published, the broker does so later", "error", err)
		return
	}
	_ = c.client.Disconnect(&paho.Disconnect{}) // the connection may have ended
}

// received accepts a command; every other message is ignored.
func (m *mqtt) received(p paho.PublishReceived) (bool, error) {
	status := strings.ToLower(strings.TrimSpace(string(p.Packet.Payload)))
	switch {
	case m.Command == nil || p.Packet.Topic != m.topic("set") || p.Packet.Retain:
	case slices.Contains(m.Statuses, status):
		latest.Put(m.commands, status)
	default:
		m.refusals.Do(func() {
			m.log.Warn("MQTT command refused: it is not a status", "topic", p.Packet.Topic, "accepted", strings.Join(m.Statuses, ", "))
		})
	}
	return true, nil
}

// carryOut carries out the commands until ctx ends.
func (m *mqtt) carryOut(ctx context.Context) {
	limit := rate.NewLimiter(rate.Every(commandPause), commandBurst)
	for {
		var status string
		select {
		case status = <-m.commands:
		case <-ctx.Done():
			return
		}
		if limit.Wait(ctx) != nil {
			return
		}
		select {
		case status = <-m.commands: // a newer one came meanwhile
		default:
		}
		m.log.Info("status set over MQTT", "status", status)
		m.Command(status)
	}
}
