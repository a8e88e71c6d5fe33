package pulse

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	// version is the newest protocol version that is announced: PulseAudio
	// 10.0 and every PipeWire use it. What came later (codecs, details of
	// ports, messages to objects) is not needed here.
	version = 32
	// minVersion is the oldest that is accepted, of PulseAudio 0.9.22: from
	// then on a stream says whether it is corked. Before, a recording that is
	// paused looks like one that runs.
	minVersion = 19
	// versionBits are those of an announced version; the others are flags of
	// shared memory, which is neither offered nor used.
	versionBits = 0xFFFF

	// timeout bounds one request. A server on the same computer answers within
	// a few milliseconds.
	timeout = 2 * time.Second

	// maxFrame is the longest frame that is read: PulseAudio, its library and
	// PipeWire end a connection over a longer one, too (FRAME_SIZE_MAX_ALLOW).
	// It takes no memory; see decoder.
	maxFrame = 16 << 20

	headerSize = 20 // length, channel, offset (64 bits), flags
	// commandChannel is the channel of commands; others carry sound.
	commandChannel = 0xFFFFFFFF
	cookieSize     = 256
)

// Conn is a connection to a sound server. Its methods may be called from any
// goroutine.
type Conn struct {
	conn    net.Conn
	r       *bufio.Reader // only run reads
	keep    []string
	version uint32 // negotiated; set by New, before any list
	events  chan struct{}
	done    chan struct{} // closed when run has ended

	writing chan struct{} // has room for one, which is taken while a request is written

	mu    sync.Mutex
	err   error
	tag   uint32           // of the latest request
	calls map[uint32]*call // requests that wait for their replies
}

// call is a request that waits for its reply.
type call struct {
	decode func(*decoder) // runs on the reader; nil: an empty reply
	done   chan error     // has room for one: the reader never waits
}

// New authenticates on an open connection, which it owns from then on. See
// Dial.
func New(ctx context.Context, conn net.Conn, keep ...string) (*Conn, error) {
	c := newConn(conn, keep)
	go c.run()
	if err := c.greet(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func newConn(conn net.Conn, keep []string) *Conn {
	return &Conn{conn: conn, r: bufio.NewReader(conn), keep: keep, events: make(chan struct{}, 1),
		done: make(chan struct{}), writing: make(chan struct{}, 1), calls: map[uint32]*call{}}
}

// greet authenticates and sends our name.
func (c *Conn) greet(ctx context.Context) error {
	auth := append(appendUint32(nil, version), tagArbitrary)
	auth = binary.BigEndian.AppendUint32(auth, cookieSize)
	auth = append(auth, cookie()...)
	var theirs uint32
	err := c.request(ctx, commandAuth, auth, func(d *decoder) {
		d.what = "authentication"
		theirs = d.uint32("version") & versionBits
	})
	if err != nil {
		return fmt.Errorf("the sound server refuses the connection: %w", err)
	}
	if theirs < minVersion {
		return fmt.Errorf("the sound server is too old: it has version %d of its protocol, and %d is needed (PulseAudio 0.9.22)", theirs, minVersion)
	}
	c.version = min(theirs, version)
	name := appendProperties(nil, [][2]string{{"application.name", "heliograph"}, {"application.process.id", strconv.Itoa(os.Getpid())}})
	err = c.request(ctx, commandSetClientName, name, func(d *decoder) {
		d.what = "client name"
		d.uint32("index")
	})
	if err != nil {
		return fmt.Errorf("the sound server refuses the connection: %w", err)
	}
	return nil
}

// Events has a value after each change that was subscribed to. It has room for
// one: a burst of changes leaves one.
func (c *Conn) Events() <-chan struct{} { return c.events }

// Done is closed when the connection has ended; Err says why.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns why the connection has ended; nil while it has not.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection and waits for its reader. It may be called again.
func (c *Conn) Close() {
	c.fail(errors.New("the connection to the sound server is closed"))
	c.conn.Close()
	<-c.done
}

// fail keeps the first error.
func (c *Conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// errSilent is the error of a request whose reply does not come.
var errSilent = fmt.Errorf("the sound server does not answer within %v", timeout)

// request sends a command and waits until its reply is decoded. What decode
// has written may be read only if there is no error.
func (c *Conn) request(ctx context.Context, command uint32, args []byte, decode func(*decoder)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errSilent)
	defer cancel()
	q := &call{decode: decode, done: make(chan error, 1)}
	c.mu.Lock()
	c.tag++
	tag := c.tag
	c.calls[tag] = q
	c.mu.Unlock()
	defer c.take(tag)
	if err := c.send(ctx, frame(command, tag, args)); err != nil {
		return err
	}
	select {
	case err := <-q.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.done:
		select {
		case err := <-q.done: // the reply was the last that came
			return err
		default:
			return c.Err()
		}
	}
}

// send writes a whole frame. A connection that has taken a part of one cannot be
// used any more.
func (c *Conn) send(ctx context.Context, frame []byte) error {
	select {
	case c.writing <- struct{}{}:
		defer func() { <-c.writing }()
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.done:
		return c.Err()
	}
	deadline, _ := ctx.Deadline() // request has set one
	err := c.conn.SetWriteDeadline(deadline)
	if err == nil {
		_, err = c.conn.Write(frame)
	}
	if err != nil {
		c.fail(gone(err))
		c.conn.Close()
		return c.Err()
	}
	return nil
}

// take removes a request that waits; nil if there is none.
func (c *Conn) take(tag uint32) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.calls[tag]
	delete(c.calls, tag)
	return q
}

// run reads until the connection ends. A panic in a decoder would be a fault
// of this package; it ends the connection and not the program.
func (c *Conn) run() {
	defer close(c.done)
	defer c.conn.Close()
	defer func() {
		if p := recover(); p != nil {
			c.fail(fmt.Errorf("the sound server's message cannot be read: %v", p))
		}
	}()
	for {
		if err := c.readFrame(); err != nil {
			c.fail(err)
			return
		}
	}
}

// readFrame reads one frame. What is not for us is passed over: sound, shared
// memory, unknown commands, and replies that nobody waits for.
func (c *Conn) readFrame() error {
	header, err := c.r.Peek(headerSize)
	if err != nil {
		return gone(err)
	}
	length, channel, flags := binary.BigEndian.Uint32(header), binary.BigEndian.Uint32(header[4:]), binary.BigEndian.Uint32(header[16:])
	if length > maxFrame {
		return fmt.Errorf("the sound server's message cannot be read: it has %d bytes, and %d is the most", length, maxFrame)
	}
	d := &decoder{r: c.r, left: headerSize + int(length), what: "message"}
	d.skip("header", headerSize)
	if channel == commandChannel && flags == 0 {
		c.command(d)
	}
	d.skip("message", uint64(d.left))
	return d.err
}

// command reads one command.
func (c *Conn) command(d *decoder) {
	command, tag := d.uint32("command"), d.uint32("tag")
	if d.err != nil {
		return
	}
	switch command {
	case commandSubscribeEvent:
		select {
		case c.events <- struct{}{}:
		default:
		}
	case commandReply:
		if q := c.take(tag); q != nil {
			if q.decode != nil {
				q.decode(d)
			}
			if d.end(); d.err == nil {
				q.done <- nil
			}
		}
	case commandError:
		if q := c.take(tag); q != nil {
			if code := d.uint32("error code"); d.err == nil {
				q.done <- serverError(code)
			}
		}
	}
}

// serverError names the errors that our requests can meet.
//
// Source: https://www.freedesktop.org/software/pulseaudio/doxygen/def_8h.html, pa_error_code
func serverError(code uint32) error {
	switch code {
	case 1:
		return errors.New("access is denied")
	case 2:
		return errors.New("the server does not know the command")
	case 7:
		return errors.New("the server cannot read the request")
	case 17:
		return errors.New("the server wants another version of the protocol")
	case 19:
		return errors.New("the server does not support that")
	}
	return fmt.Errorf("error %d of the sound server", code)
}
