package outlets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"
)

// connection is a client that has signed in to the broker.
type connection struct {
	client *paho.Client
	lost   chan error // receives why the connection was lost
}

// connect signs in to the broker.
func (m *mqtt) connect(ctx context.Context) (*connection, error) {
	password, err := readSecret(ctx, "password", m.Password)
	if err != nil {
		return nil, err
	}
	conn, err := m.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("the broker was not reached: %w", withoutAddresses(err))
	}
	c := &connection{lost: make(chan error, 1)}
	lose := func(err error) {
		select {
		case c.lost <- fmt.Errorf("%w: %w", errLost, withoutAddresses(err)):
		default: // the first reason counts
		}
	}
	c.client = paho.NewClient(paho.ClientConfig{
		Conn:               packets.NewThreadSafeConn(deadlineConn{conn, mqttTimeout}),
		PacketTimeout:      mqttTimeout,
		OnClientError:      lose,
		OnServerDisconnect: func(d *paho.Disconnect) { lose(&reasonError{d.ReasonCode}) },
		OnPublishReceived:  []func(paho.PublishReceived) (bool, error){m.received},
	})
	if answer, err := c.client.Connect(ctx, m.connectPacket(password)); err != nil {
		conn.Close()
		if answer != nil {
			return nil, &reasonError{answer.ReasonCode}
		}
		return nil, fmt.Errorf("the broker does not accept the connection: %w", withoutAddresses(err))
	}
	return c, nil
}

// connectPacket signs in. The client's id is the same each time, so that the
// broker ends what a crash or a suspend has left before it begins a new
// session.
func (m *mqtt) connectPacket(password []byte) *paho.Connect {
	receiveMaximum := uint16(8)      // the library keeps room for as many messages at once
	maximumPacket := uint32(4 << 10) // a command is one word
	return &paho.Connect{
		ClientID:     "heliograph-" + m.Name,
		CleanStart:   true,
		KeepAlive:    uint16(keepAlive / time.Second),
		Username:     m.Username,
		UsernameFlag: m.Username != "",
		Password:     password,
		PasswordFlag: len(password) > 0,
		Properties:   &paho.ConnectProperties{ReceiveMaximum: &receiveMaximum, MaximumPacketSize: &maximumPacket},
		WillMessage:  &paho.WillMessage{Topic: m.topic("availability"), Payload: []byte("offline"), QoS: 1, Retain: true},
	}
}

func (m *mqtt) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if m.broker == nil || m.broker.Hostname() == "" {
		return nil, errors.New("the address is not a URL")
	}
	port := m.broker.Port()
	switch m.broker.Scheme {
	case "mqtt":
		if port == "" {
			port = "1883"
		}
		return newDialer(true).DialContext(ctx, "tcp", net.JoinHostPort(m.broker.Hostname(), port))
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
	d := tls.Dialer{NetDialer: newDialer(false), Config: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}}
	return d.DialContext(ctx, "tcp", net.JoinHostPort(m.broker.Hostname(), port))
}

// roots returns the system's authorities with that of CAFile; nil: the system's
// alone.
func (m *mqtt) roots() (*x509.CertPool, error) {
	if m.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(expandHome(m.CAFile))
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

// retain publishes a message that the broker keeps, and waits for its answer.
func (c *connection) retain(ctx context.Context, topic string, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, mqttTimeout)
	defer cancel()
	answer, err := c.client.Publish(ctx, &paho.Publish{Topic: topic, QoS: 1, Retain: true, Payload: payload})
	if answer != nil && answer.ReasonCode >= 0x80 {
		return &reasonError{answer.ReasonCode}
	}
	if err != nil {
		return fmt.Errorf("the broker did not accept a message: %w", withoutAddresses(err))
	}
	return nil
}

// close ends the connection if it is still open, so that the broker publishes
// "offline", and waits for the library's goroutines.
func (c *connection) close() {
	select {
	case <-c.client.Done():
	default:
		_ = c.client.Disconnect(&paho.Disconnect{ReasonCode: 0x04}) // "disconnect with will message"
	}
}
