// Package control is the local socket of the running heliograph, both ends of
// it, and the form in which heliograph's state leaves the process. The command
// line sends its requests to it; only the same user can connect. The process
// that holds the socket is the only instance.
//
// The protocol is lines of JSON: one request, then one answer or, for a verb
// that follows something, answers until either side closes the connection.
// Every exchange has a deadline on both sides.
//
// It refuses to decide anything and knows neither Microsoft nor the detector:
// the running instance fills its types in.
package control

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Version is the version of the protocol. The server refuses a client with
// another version and asks for a restart of heliograph.
const Version = 1

// maxLine bounds a request and an answer, in bytes: the longest honest one, a
// day's timeline, takes some hundred kilobytes.
const maxLine = 1 << 20

// ErrRunning reports that another instance holds the socket.
var ErrRunning = errors.New("heliograph is running already")

// ErrNotRunning reports that no instance holds the socket.
var ErrNotRunning = errors.New("heliograph is not running. Start it with: heliograph")

// Deadlines of one exchange. Every command has to end within ten seconds, so
// the client gives up before that, and the server before the client: then the
// client still gets a reason.
const (
	// lineTimeout bounds the transfer of one line, which takes microseconds
	// unless the other side hangs.
	lineTimeout = 5 * time.Second
	// serverTimeout bounds the work for one request.
	serverTimeout = 7 * time.Second
	// callTimeout bounds a whole request on the client's side.
	callTimeout = 8 * time.Second
)

// Request is what a client sends.
type Request struct {
	Version int             `json:"version"`
	Verb    string          `json:"verb"`
	Args    json.RawMessage `json:"args,omitempty"`
	// Secret proves the user on systems where the socket itself cannot.
	Secret string `json:"secret,omitempty"`
}

// Decode reads the request's arguments into v. A field that v does not have is
// an error; a request without arguments leaves v as it is.
func (r Request) Decode(v any) error {
	if len(r.Args) == 0 {
		return nil
	}
	if err := decodeStrictly(r.Args, v); err != nil {
		return fmt.Errorf("arguments of %q cannot be read: %w", r.Verb, err)
	}
	return nil
}

// decodeStrictly reads one JSON value. Unknown fields and anything after the
// value are errors.
func decodeStrictly(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the value")
	}
	return nil
}

// answer is one line that the server sends back.
type answer struct {
	OK    bool            `json:"ok"`
	Error string          `json:"error,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// lineReader reads lines of at most maxLine bytes. A line that a read deadline
// interrupts is continued by the next call.
type lineReader struct {
	in   *bufio.Reader
	part []byte
}

func newLineReader(r io.Reader) *lineReader { return &lineReader{in: bufio.NewReader(r)} }

// next returns the next line, its newline included.
func (l *lineReader) next() ([]byte, error) {
	for {
		part, err := l.in.ReadSlice('\n')
		l.part = append(l.part, part...)
		switch {
		case len(l.part) > maxLine:
			return nil, fmt.Errorf("a line is longer than %d bytes", maxLine)
		case err == nil:
			line := l.part
			l.part = nil
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}
