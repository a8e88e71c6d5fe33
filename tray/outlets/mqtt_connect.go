package outlets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"

	"heliograph/tray/atomicfile"
)

// maxCAFile bounds the file of authorities, in bytes; all those of a system take
// some hundred kilobytes.
const maxCAFile = 1 << 20

// connection is a client that has signed in to the broker.
type connection struct {
	client *paho.Client
	life   context.Context // ends when the connection is lost; its cause says why
}

// within returns a context for one exchange, which ends with the connection, too.
func (c *connection) within(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithTimeout(ctx, mqttTimeout)
	stop := context.AfterFunc(c.life, cancel)
	return ctx, func() { stop(); cancel() }
}

// explain returns why the connection was lost, or err if it was not.
func (c *connection) explain(err error) error {
	if c.life.Err() != nil {
		return context.Cause(c.life)
	}
	return err
}

// connect signs in to the broker.
func (m *mqtt) connect(ctx context.Context) (*connection, error) {
	password, err := readSecret(ctx, "password", m.Password)
	if err != nil && m.Username != "" { // without a name the broker hardly wants a password
		return nil, err
	}
	conn, err := m.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("the broker was not reached: %w", withoutAddresses(err))
	}
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	c := &connection{life: life}
	lose := func(err error) { end(fmt.Errorf("%w: %w", errLost, withoutAddresses(err))) } // the first reason counts
	c.client = paho.NewClient(paho.ClientConfig{
		Conn:               packets.NewThreadSafeConn(deadlineConn{&packetConn{Conn: conn}, mqttTimeout}),
		PacketTimeout:      mqttTimeout,
		OnClientError:      lose,
		OnServerDisconnect: func(d *paho.Disconnect) { lose(&reasonError{d.ReasonCode}) },
		OnPublishReceived:  []func(paho.PublishReceived) (bool, error){m.received},
	})
	if answer, err := c.client.Connect(ctx, m.connectPacket(password)); err != nil {
		conn.Close()
		end(err)
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
	receiveMaximum := uint16(8) // the library keeps room for as many messages at once
	maximumPacket := uint32(maxPacket)
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
	pem, err := atomicfile.Read(expandHome(m.CAFile), maxCAFile)
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
	ctx, cancel := c.within(ctx)
	defer cancel()
	answer, err := c.client.Publish(ctx, &paho.Publish{Topic: topic, QoS: 1, Retain: true, Payload: payload})
	if answer != nil && answer.ReasonCode >= 0x80 {
		return &reasonError{answer.ReasonCode}
	}
	if err != nil {
		return c.explain(fmt.Errorf("the broker did not accept a message: %w", withoutAddresses(err)))
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
