package pulse

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
)

// server is the other end of a connection, as one test wants it.
type server struct {
	conn net.Conn
	// version is what it announces; zero: ours.
	version uint32
	// handle answers what greet does not; nil: each list is empty.
	handle     func(s *server, command, tag uint32)
	subscribed []byte // the body of that reply, which should be empty
	cookie     []byte // as received
}

// serve answers requests until the connection ends.
func (s *server) serve() {
	defer s.conn.Close()
	for {
		header := make([]byte, headerSize)
		if _, err := io.ReadFull(s.conn, header); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(header))
		if _, err := io.ReadFull(s.conn, body); err != nil {
			return
		}
		command, tag := binary.BigEndian.Uint32(body[1:]), binary.BigEndian.Uint32(body[6:])
		switch {
		case command == commandAuth:
			s.cookie = body[len(body)-cookieSize:]
			v := s.version
			if v == 0 {
				v = version
			}
			s.reply(tag, appendUint32(nil, v|1<<31)) // a flag of shared memory
		case command == commandSetClientName:
			s.reply(tag, appendUint32(nil, 9))
		case command == commandSubscribe:
			s.reply(tag, s.subscribed)
		case s.handle != nil:
			s.handle(s, command, tag)
		default:
			s.reply(tag, nil)
		}
	}
}

func (s *server) write(b ...[]byte) {
	for _, b := range b {
		_, _ = s.conn.Write(b) // the client may have gone: that is what is tested
	}
}

func (s *server) reply(tag uint32, body []byte) { s.write(frame(commandReply, tag, body)) }

// header announces a frame.
func header(length, channel, flags uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, length)
	b = binary.BigEndian.AppendUint32(b, channel)
	return binary.BigEndian.AppendUint32(append(b, make([]byte, 8)...), flags)
}

// replyHeader announces a reply whose body has n bytes.
func replyHeader(tag, n uint32) []byte {
	b := header(n+10, commandChannel, 0)
	return appendUint32(appendUint32(b, commandReply), tag)
}

// piped returns a client that has greeted a server over a pipe.
func piped(t *testing.T, s *server) *Conn {
	t.Helper()
	c, err := greeted(t, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func greeted(t *testing.T, s *server) (*Conn, error) {
	t.Helper()
	ours, theirs := net.Pipe()
	s.conn = theirs
	go s.serve()
	return New(t.Context(), ours, wanted...)
}
