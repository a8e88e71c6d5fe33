package detect

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// wayland is the little of the Wayland wire that idle detection needs: no
// message of it carries a descriptor.
//
// Source: https://wayland.freedesktop.org/docs/html/ch04.html#sect-Protocol-Wire-Format
type wayland struct {
	conn net.Conn
	buf  []byte // what was read and not yet taken
	last uint32 // the highest id given out
	free []uint32
	// bad is set when the compositor sends what no message is.
	bad error
}

// wlDisplay is the object that is there from the start.
const wlDisplay = 1

// Opcodes of the core protocol.
//
// Source: https://wayland.app/protocols/wayland
const (
	wlDisplaySync        = 0
	wlDisplayGetRegistry = 1
	wlDisplayError       = 0
	wlDisplayDeleteID    = 1
	wlRegistryBind       = 0
	wlRegistryGlobal     = 0
	wlRegistryGone       = 1
	wlSeatRelease        = 3 // since version 5
)

func dialWayland(ctx context.Context) (*wayland, error) {
	name := os.Getenv("WAYLAND_DISPLAY")
	if name == "" {
		return nil, errors.New("this is no Wayland session (WAYLAND_DISPLAY is not set)")
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), name)
	}
	conn, err := (&net.Dialer{Timeout: busTimeout}).DialContext(ctx, "unix", name)
	if err != nil {
		return nil, fmt.Errorf("the compositor does not answer: %w", err)
	}
	return &wayland{conn: conn, last: wlDisplay}, nil
}

// id gives out an object id; the compositor insists on gapless ones.
func (w *wayland) id() uint32 {
	if n := len(w.free); n > 0 {
		id := w.free[n-1]
		w.free = w.free[:n-1]
		return id
	}
	w.last++
	return w.last
}

// send makes a request; its arguments are uint32 or string.
func (w *wayland) send(object uint32, opcode uint16, args ...any) error {
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
	if _, err := w.conn.Write(b); err != nil {
		return fmt.Errorf("the compositor does not listen: %w", err)
	}
	return nil
}

// wlEvent is one event, its arguments not yet read.
type wlEvent struct {
	object uint32
	opcode uint16
	body   []byte
}

// receive waits for what the compositor sends and takes all whole events.
func (w *wayland) receive() ([]wlEvent, error) {
	chunk := make([]byte, 4096)
	n, err := w.conn.Read(chunk)
	w.buf = append(w.buf, chunk[:n]...)
	var events []wlEvent
	events, w.buf, w.bad = splitEvents(w.buf)
	if err == nil {
		err = w.bad
	}
	return events, err
}

var errWire = errors.New("the compositor sends what is no message")

// splitEvents takes whole events off the front.
func splitEvents(b []byte) (events []wlEvent, rest []byte, err error) {
	for len(b) >= 8 {
		word := binary.NativeEndian.Uint32(b[4:])
		size := int(word >> 16)
		if size < 8 || size%4 != 0 {
			return events, nil, errWire
		}
		if len(b) < size {
			break
		}
		events = append(events, wlEvent{object: binary.NativeEndian.Uint32(b), opcode: uint16(word), body: b[8:size:size]})
		b = b[size:]
	}
	return events, b, nil
}

// uint takes a number off an event's arguments; what is missing is 0.
func (e *wlEvent) uint() uint32 {
	if len(e.body) < 4 {
		e.body = nil
		return 0
	}
	v := binary.NativeEndian.Uint32(e.body)
	e.body = e.body[4:]
	return v
}

// text takes a string, which is counted with its final zero and padded.
func (e *wlEvent) text() string {
	n := int64(e.uint())
	if n == 0 || n > int64(len(e.body)) {
		e.body = nil
		return ""
	}
	s := strings.TrimSuffix(string(e.body[:n]), "\x00")
	e.body = e.body[min(len(e.body), int(n+3)&^3):]
	return s
}
