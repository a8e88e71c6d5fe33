// Package wayland is a client of the Wayland protocol, as far as idle
// notifications need it. It turns bytes into values and never judges them.
//
// Whatever a compositor sends, the worst outcome is an error: every length is
// checked, an event has at most 64 KiB, and of the globals only the seats and
// one notifier are kept.
//
// Source: https://wayland.freedesktop.org/docs/html/ch04.html#sect-Protocol-Wire-Format
package wayland

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// answerTimeout bounds the connection and the compositor's first answer, which
// take milliseconds.
const answerTimeout = 3 * time.Second

// conn is a connection to a compositor. None of the messages used here carries
// a file descriptor.
type conn struct {
	net.Conn
	buf  []byte   // read and not yet decoded
	last uint32   // the highest object id given out
	free []uint32 // object ids to use again
}

// displayObject exists from the start.
const displayObject = 1

// Opcodes of the core protocol.
//
// Source: https://wayland.app/protocols/wayland
const (
	displaySync        = 0 // requests
	displayGetRegistry = 1
	registryBind       = 0
	seatRelease        = 3 // since version 5

	displayError         = 0 // events
	displayDeleteID      = 1
	registryGlobal       = 0
	registryGlobalRemove = 1
)

// dial connects to the compositor of WAYLAND_DISPLAY. The connection is closed
// when ctx ends.
func dial(ctx context.Context) (*conn, error) {
	name := os.Getenv("WAYLAND_DISPLAY")
	if name == "" {
		return nil, errors.New("this is not a Wayland session (WAYLAND_DISPLAY is not set)")
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), name)
	}
	c, err := (&net.Dialer{Timeout: answerTimeout}).DialContext(ctx, "unix", name)
	if err != nil {
		return nil, fmt.Errorf("the compositor does not answer: %w", err)
	}
	context.AfterFunc(ctx, func() { c.Close() })
	return &conn{Conn: c, last: displayObject}, nil
}

// id allocates an object id; a compositor accepts no gaps between ids.
func (c *conn) id() uint32 {
	if n := len(c.free); n > 0 {
		id := c.free[n-1]
		c.free = c.free[:n-1]
		return id
	}
	c.last++
	return c.last
}

// send sends a request; its arguments are uint32 or string.
func (c *conn) send(object uint32, opcode uint16, args ...any) error {
	b := binary.NativeEndian.AppendUint32(nil, object)
	b = binary.NativeEndian.AppendUint32(b, 0)
	for _, a := range args {
		switch a := a.(type) {
		case uint32:
			b = binary.NativeEndian.AppendUint32(b, a)
		case string:
			b = binary.NativeEndian.AppendUint32(b, uint32(len(a)+1))
			b = append(b, a...)
			b = append(b, make([]byte, 4-len(a)%4)...)
		}
	}
	binary.NativeEndian.PutUint32(b[4:], uint32(len(b))<<16|uint32(opcode))
	if _, err := c.Write(b); err != nil {
		return fmt.Errorf("the compositor takes no request: %w", err)
	}
	return nil
}

// event is one event, its arguments not yet decoded.
type event struct {
	object uint32
	opcode uint16
	body   []byte
}

// receive waits for what the compositor sends and returns all whole events.
func (c *conn) receive() ([]event, error) {
	chunk := make([]byte, 4096)
	n, err := c.Read(chunk)
	events, rest, bad := splitEvents(append(c.buf, chunk[:n]...))
	c.buf = rest
	if err == nil {
		err = bad
	}
	return events, err
}

var errWire = errors.New("the compositor's message cannot be read")

// splitEvents takes whole events off the front.
func splitEvents(b []byte) (events []event, rest []byte, err error) {
	for len(b) >= 8 {
		word := binary.NativeEndian.Uint32(b[4:])
		size := int(word >> 16)
		if size < 8 || size%4 != 0 {
			return events, nil, errWire
		}
		if len(b) < size {
			break
		}
		events = append(events, event{object: binary.NativeEndian.Uint32(b), opcode: uint16(word), body: b[8:size:size]})
		b = b[size:]
	}
	return events, b, nil
}

// uint takes a number off the event's arguments; a missing one is 0.
func (e *event) uint() uint32 {
	if len(e.body) < 4 {
		e.body = nil
		return 0
	}
	v := binary.NativeEndian.Uint32(e.body)
	e.body = e.body[4:]
	return v
}

// text takes a string off the event's arguments; it is counted with its final
// zero and padded.
func (e *event) text() string {
	n := int64(e.uint())
	if n == 0 || n > int64(len(e.body)) {
		e.body = nil
		return ""
	}
	s := strings.TrimSuffix(string(e.body[:n]), "\x00")
	e.body = e.body[min(len(e.body), int(n+3)&^3):]
	return s
}
