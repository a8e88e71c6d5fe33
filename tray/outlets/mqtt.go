package outlets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"
)

// MQTT is a broker that keeps the latest state, and tells Home Assistant how to
// show it. It must speak MQTT 5 (mosquitto does since 1.6).
//
// Under heliograph/NAME/ lie state (JSON, retained) and availability ("online"
// or "offline", retained; the broker says offline if heliograph is gone). With
// Commands, set takes the name of a status.
type MQTT struct {
	// Broker is mqtts://host[:8883], or mqtt://host[:1883] on this machine or a
	// private network only. Empty: no MQTT.
	Broker string
	// Username and Password sign in; Password is asked with each connection,
	// and may be nil or give nothing.
	Username string
	Password func(context.Context) ([]byte, error)
	// CAFile is a PEM file with the authority that signed the broker's
	// certificate, beside those of the system; empty: only those.
	CAFile string
	// Name is this machine in topics and in Home Assistant (default: the host's
	// name).
	Name string
	// Discovery is the prefix of Home Assistant's discovery topics, usually
	// "homeassistant"; empty: it is told nothing.
	Discovery string
	// Account sends the signed-in account's name along.
	Account bool
	// Command gets the name of a status, one of Commands, that somebody asked
	// for; it must return at once. Nil: nobody may.
	Command  func(status string)
	Commands []string
}

// keepAlive is how long the connection may be silent before a ping. It is the
// only thing that wakes an idle process, so it is long; a broker notices a
// machine that lost its power after one and a half of it. One that ends its
// programs closes their connections, which a broker sees at once. Home routers
// keep a silent connection longer than this (RFC 5382: two hours).
const keepAlive = 5 * time.Minute

// mqttTimeout bounds one exchange with the broker.
const mqttTimeout = 10 * time.Second

// steady is how long a connection must have lived for the next failure to be
// the first one: a broker that throws us out at once is not asked every second.
const steady = time.Minute

type mqtt struct {
	MQTT
	log    *slog.Logger
	report *report
	where  *url.URL
}

func newMQTT(o MQTT, log *slog.Logger) *mqtt {
	m := &mqtt{MQTT: o, log: log}
	m.where, _ = url.Parse(o.Broker) // nil is told when connecting
	if m.Name == "" {
		m.Name, _ = os.Hostname()
		m.Name, _, _ = strings.Cut(m.Name, ".")
	}
	if m.Name = topicName(m.Name); m.Name == "" {
		m.Name = "desk"
	}
	return m
}

// topicName is a name that fits into a topic and a Home Assistant id.
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
	if m.where == nil {
		return ""
	}
	return m.where.Host
}

func (m *mqtt) topic(leaf string) string { return "heliograph/" + m.Name + "/" + leaf }

// run keeps a connection while there is something to tell. It opens with the
// first state.
func (m *mqtt) run(ctx context.Context, states <-chan State) {
	s, ok := <-states
	failures := 0
	for ok && ctx.Err() == nil {
		began := time.Now()
		var err error
		if s, err = m.session(ctx, s, states); err == nil || ctx.Err() != nil {
			return
		}
		if time.Since(began) > steady {
			failures = 0
		}
		failures++
		m.report.ill("not connected since "+time.Now().Format("15:04:05"), err, mqttFix(err, failures))
		timer := time.NewTimer(pause(failures))
		select {
		case <-timer.C:
		case next, open := <-states: // news is worth a try, and quitting is not
			if ok = open; ok {
				s = next
			}
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// session holds one connection, beginning with s. It returns the state that
// was told or should have been told last, and nil once states is closed.
func (m *mqtt) session(ctx context.Context, s State, states <-chan State) (State, error) {
	c, err := m.connect(ctx)
	if err != nil {
		return s, err
	}
	defer c.end()
	if err := m.introduce(ctx, c); err != nil {
		return s, err
	}
	for {
		if err := c.keep(ctx, m.topic("state"), s.body(m.Account)); err != nil {
			return s, err
		}
		m.report.well("last told at " + time.Now().Format("15:04:05"))
		select {
		case next, ok := <-states:
			if !ok {
				return s, m.goodbye(ctx, c)
			}
			s = next
		case err := <-c.lost:
			return s, err
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

// introduce tells what there is and that it is there, and listens for commands.
func (m *mqtt) introduce(ctx context.Context, c *connection) error {
	for topic, config := range m.discovery() {
		if err := c.keep(ctx, topic, config); err != nil {
			return err
		}
	}
	if m.Command != nil {
		ctx, cancel := context.WithTimeout(ctx, mqttTimeout)
		defer cancel()
		// A retained command would be carried out anew with each connection.
		_, err := c.client.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: m.topic("set"), QoS: 1, RetainHandling: 2}}})
		if err != nil {
			return fmt.Errorf("the broker takes no subscription: %w", err)
		}
	}
	return c.keep(ctx, m.topic("availability"), []byte("online"))
}

// goodbye says offline itself: the broker does so only for the lost.
func (m *mqtt) goodbye(ctx context.Context, c *connection) error {
	if err := c.keep(ctx, m.topic("availability"), []byte("offline")); err != nil {
		m.log.Debug("MQTT goodbye", "error", err)
		return nil // the broker says it after a while
	}
	_ = c.client.Disconnect(&paho.Disconnect{}) // it may be gone
	return nil
}

// connection is a client that has signed in.
type connection struct {
	client *paho.Client
	lost   chan error // why it was lost
}

func (m *mqtt) connect(ctx context.Context) (*connection, error) {
	var password []byte
	if m.Password != nil {
		ctx, cancel := context.WithTimeout(ctx, secretTimeout)
		defer cancel()
		var err error
		if password, err = m.Password(ctx); err != nil {
			return nil, fmt.Errorf("the password cannot be read: %w", err)
		}
	}
	conn, err := m.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("the broker was not reached: %w", plain(err))
	}
	c := &connection{lost: make(chan error, 1)}
	lose := func(err error) {
		select {
		case c.lost <- fmt.Errorf("%w: %w", errLost, plain(err)):
		default:
		}
	}
	c.client = paho.NewClient(paho.ClientConfig{
		Conn: packets.NewThreadSafeConn(conn), PacketTimeout: mqttTimeout, OnClientError: lose,
		OnServerDisconnect: func(d *paho.Disconnect) { lose(&ended{d.ReasonCode}) },
		OnPublishReceived:  []func(paho.PublishReceived) (bool, error){m.received},
	})
	if answer, err := c.client.Connect(ctx, m.hello(password)); err != nil {
		conn.Close()
		if answer != nil {
			return nil, &ended{answer.ReasonCode}
		}
		return nil, fmt.Errorf("the broker does not let us in: %w", plain(err))
	}
	return c, nil
}

// hello signs in. The client's id is the same each time, so that the broker
// ends what a crash or a sleep has left of us before it begins anew.
func (m *mqtt) hello(password []byte) *paho.Connect {
	few := uint16(8)         // the library keeps room for as many messages at once
	small := uint32(4 << 10) // a command is one word
	return &paho.Connect{
		ClientID: "heliograph-" + m.Name, CleanStart: true, KeepAlive: uint16(keepAlive / time.Second),
		Username: m.Username, UsernameFlag: m.Username != "", Password: password, PasswordFlag: len(password) > 0,
		Properties:  &paho.ConnectProperties{ReceiveMaximum: &few, MaximumPacketSize: &small},
		WillMessage: &paho.WillMessage{Topic: m.topic("availability"), Payload: []byte("offline"), QoS: 1, Retain: true},
	}
}

func (m *mqtt) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if m.where == nil || m.where.Hostname() == "" {
		return nil, errors.New("the address is no URL")
	}
	port := m.where.Port()
	switch m.where.Scheme {
	case "mqtt":
		if port == "" {
			port = "1883"
		}
		return dialer(true).DialContext(ctx, "tcp", net.JoinHostPort(m.where.Hostname(), port))
	case "mqtts":
		if port == "" {
			port = "8883"
		}
	default:
		return nil, errors.New("the address begins with neither mqtt:// nor mqtts://")
	}
	roots, err := m.roots()
	if err != nil {
		return nil, err
	}
	d := tls.Dialer{NetDialer: dialer(false), Config: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}}
	return d.DialContext(ctx, "tcp", net.JoinHostPort(m.where.Hostname(), port))
}

// roots are the system's authorities and the one of CAFile.
func (m *mqtt) roots() (*x509.CertPool, error) {
	if m.CAFile == "" {
		return nil, nil // the system's
	}
	pem, err := os.ReadFile(atHome(m.CAFile))
	if err != nil {
		return nil, fmt.Errorf("the authority's certificate cannot be read: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", m.CAFile)
	}
	return pool, nil
}

// keep publishes a message that the broker keeps, and waits for its word.
func (c *connection) keep(ctx context.Context, topic string, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, mqttTimeout)
	defer cancel()
	answer, err := c.client.Publish(ctx, &paho.Publish{Topic: topic, QoS: 1, Retain: true, Payload: payload})
	if answer != nil && answer.ReasonCode >= 0x80 {
		return &ended{answer.ReasonCode}
	}
	if err != nil {
		return fmt.Errorf("the broker did not take a message: %w", plain(err))
	}
	return nil
}

// end closes the connection, if it still is, without a word: the broker then
// says offline. It waits for the library's goroutines.
func (c *connection) end() {
	select {
	case <-c.client.Done():
	default:
		_ = c.client.Disconnect(&paho.Disconnect{ReasonCode: 0x04}) // "with will message"
	}
}

// received takes a command in; all else is ignored.
func (m *mqtt) received(p paho.PublishReceived) (bool, error) {
	status := strings.TrimSpace(string(p.Packet.Payload))
	switch {
	case m.Command == nil || p.Packet.Topic != m.topic("set") || p.Packet.Retain:
	case !slices.Contains(m.Commands, status):
		m.log.Warn("unknown status asked for over MQTT: it takes one of " + strings.Join(m.Commands, ", "))
	default:
		m.log.Info("status set over MQTT", "status", status)
		m.Command(status)
	}
	return true, nil
}

// errLost is the end of a connection that had been made.
var errLost = errors.New("the connection was lost")

// ended is a broker's own reason for an end.
//
// Source: https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html, 3.2.2.2 and 3.14.2.1
type ended struct{ code byte }

const (
	codeBadPassword = 0x86
	codeForbidden   = 0x87
	codeTakenOver   = 0x8E
)

func (e *ended) Error() string {
	switch e.code {
	case codeBadPassword:
		return "the broker refuses the user name or the password"
	case codeForbidden:
		return "the broker does not allow it"
	case 0x84, 0x01:
		return "the broker does not speak MQTT 5"
	case codeTakenOver:
		return "another program signed in under the same name"
	case 0x8B:
		return "the broker shut down"
	}
	return fmt.Sprintf("the broker ended the connection (MQTT reason %#02x)", e.code)
}

// mqttFix is what the user can do about err, which is one of several failures
// in a row. Not every broker tells whom it throws out for a namesake.
func mqttFix(err error, failures int) string {
	var e *ended
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.As(err, &e) && (e.code == codeBadPassword || e.code == codeForbidden):
		return "set [mqtt] username, and the password with: heliograph secret set mqtt"
	case errors.As(err, &e) && e.code == codeTakenOver, errors.Is(err, errLost) && failures > 1:
		return "give each machine a [mqtt] name of its own"
	case errors.As(err, &e) && (e.code == 0x84 || e.code == 0x01):
		return "use a broker that does (mosquitto 1.6 or later)"
	case errors.As(err, &unknown):
		return "name the file of its authority's certificate in [mqtt] ca_file"
	case errors.As(err, &name):
		return "name the broker in [mqtt] broker as its certificate does"
	case errors.Is(err, errOpenRoad):
		return "use mqtts:// in [mqtt] broker"
	}
	return "check [mqtt] broker, and that it runs"
}
