package outlets

import (
	"errors"
	"fmt"
	"net"
)

// maxPacket bounds a packet of the broker, in bytes, and is said to the broker: a
// command is one word. The library would make room for up to 256 MiB as soon as a
// packet announces them.
const maxPacket = 4 << 10

// errPacketTooLarge ends a connection.
var errPacketTooLarge = errors.New("the broker sends a packet that is larger than heliograph accepts")

// packetConn ends a connection whose broker announces a packet that is too large,
// before anything makes room for it. Only one goroutine may read.
type packetConn struct {
	net.Conn
	header [5]byte // of the packet that begins, as far as it was read
	have   int     // bytes of it
	left   int     // of the packet's content
	err    error
}

// Read reads as the connection does, and follows where packets begin.
func (c *packetConn) Read(b []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.Conn.Read(b)
	if c.err = c.follow(b[:n]); c.err != nil {
		return 0, c.err
	}
	return n, err
}

// follow looks at what was read: a packet has a byte for its type, one to four
// for the length of its content, and the content.
//
// Source: https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html, 1.5.5
// and 2.1
func (c *packetConn) follow(b []byte) error {
	for len(b) > 0 {
		if c.left > 0 {
			skipped := min(c.left, len(b))
			c.left -= skipped
			b = b[skipped:]
			continue
		}
		c.header[c.have] = b[0]
		c.have++
		b = b[1:]
		if c.have == 1 || c.header[c.have-1]&0x80 != 0 && c.have < len(c.header) {
			continue
		}
		length := 0
		for i := c.have - 1; i >= 1; i-- {
			length = length<<7 | int(c.header[i]&0x7f)
		}
		if c.header[c.have-1]&0x80 != 0 || length > maxPacket {
			return fmt.Errorf("%w: %d bytes", errPacketTooLarge, length)
		}
		c.have, c.left = 0, length
	}
	return nil
}
