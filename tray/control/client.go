package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"heliograph/detect/readable"
)

// ErrNoAnswer reports that an instance holds the socket and does not answer in
// time.
var ErrNoAnswer = errors.New("heliograph is running but does not answer: end its process and start it again")

// A follower that gets nothing for silence asks whether the instance still
// answers at all. Before the first answer it asks after firstSilence, so that a
// command that follows a hanging instance ends within ten seconds too.
const (
	firstSilence = 500 * time.Millisecond
	silence      = 30 * time.Second
)

// Call asks the running instance in dir and reads one answer into out (nil:
// none). It returns ErrNotRunning without an instance, and ErrNoAnswer after
// eight seconds with one that hangs.
func Call(ctx context.Context, dir, verb string, args, out any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, callTimeout, ErrNoAnswer)
	defer cancel()
	c, err := dialAndSend(ctx, dir, verb, args)
	if err != nil {
		return err
	}
	defer c.close()
	return c.receive(out)
}

// Follow asks the running instance in dir and passes each answer to each, until
// that returns an error, ctx ends or the instance quits, which is io.EOF. It
// returns ErrNoAnswer if the instance stops answering.
func Follow[T any](ctx context.Context, dir, verb string, args any, each func(T) error) error {
	return follow(ctx, dir, verb, args, silence, each)
}

// follow does what Follow does, with silence as an argument.
func follow[T any](ctx context.Context, dir, verb string, args any, silence time.Duration, each func(T) error) error {
	c, err := dialAndSend(ctx, dir, verb, args)
	if err != nil {
		return err
	}
	defer c.close()
	for first := firstSilence; ; first = silence {
		var v T
		if err := c.wait(dir, first, silence); err != nil {
			return err
		}
		if err := c.receive(&v); err != nil {
			return err
		}
		if err := each(v); err != nil {
			return err
		}
	}
}

// Quit asks the running instance in dir to quit. It returns when the instance
// has cleared what it could and has released the socket, so that the next one
// can start at once. It returns ErrNotRunning without an instance, and
// ErrNoAnswer after eight seconds with one that hangs.
func Quit(ctx context.Context, dir string) (QuitReply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, callTimeout, ErrNoAnswer)
	defer cancel()
	c, err := dialAndSend(ctx, dir, VerbQuit, nil)
	if err != nil {
		return QuitReply{}, err
	}
	defer c.close()
	var r QuitReply
	if err := c.receive(&r); err != nil {
		return r, err
	}
	// The server ends the connection when the socket is free; if it ends without
	// that, the system does it for it.
	_, _ = io.Copy(io.Discard, c.conn)
	if ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	return r, nil
}

// connection is one request under way, on the client's side.
type connection struct {
	ctx  context.Context
	conn net.Conn
	in   *lineReader
	stop func() bool
	line []byte // read and not yet received
}

func (c *connection) close() {
	c.stop()
	c.conn.Close()
}

// dialAndSend connects to the instance in dir and sends a request. The end of
// ctx ends the connection.
func dialAndSend(ctx context.Context, dir, verb string, args any) (*connection, error) {
	conn, secret, err := dial(ctx, dir)
	if err != nil {
		return nil, orCause(ctx, err)
	}
	c := &connection{ctx: ctx, conn: conn, in: newLineReader(conn), stop: context.AfterFunc(ctx, func() { conn.Close() })}
	req := Request{Version: Version, Verb: verb, Secret: secret}
	if args != nil {
		if req.Args, err = json.Marshal(args); err != nil {
			c.close()
			return nil, fmt.Errorf("arguments of %q: %w", verb, err)
		}
	}
	line, err := json.Marshal(req)
	if err == nil {
		err = conn.SetWriteDeadline(time.Now().Add(lineTimeout))
	}
	if err == nil {
		_, err = conn.Write(append(line, '\n'))
	}
	if err != nil {
		c.close()
		return nil, orCause(ctx, noAnswer(err))
	}
	return c, nil
}

// wait returns when the next answer has arrived. When none comes for first, and
// then for each silence, it asks the instance in dir on another connection
// whether it still answers.
func (c *connection) wait(dir string, first, silence time.Duration) error {
	for quiet := first; ; quiet = silence {
		if err := c.conn.SetReadDeadline(time.Now().Add(quiet)); err != nil {
			return orCause(c.ctx, err)
		}
		line, err := c.in.next()
		if err == nil {
			c.line = line
			return c.conn.SetReadDeadline(time.Time{})
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return orCause(c.ctx, noAnswer(err))
		}
		if err := Call(c.ctx, dir, VerbStatus, nil, nil); err != nil {
			return err
		}
	}
}

// receive reads one answer into out (nil: none).
func (c *connection) receive(out any) error {
	line := c.line
	c.line = nil
	if line == nil {
		var err error
		if line, err = c.in.next(); err != nil {
			return orCause(c.ctx, noAnswer(err))
		}
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		return unreadable(err)
	}
	if !a.OK {
		return errors.New(readable.Text(a.Error))
	}
	if out == nil || len(a.Data) == 0 {
		return nil
	}
	data, err := readableJSON(a.Data)
	if err == nil {
		err = json.Unmarshal(data, out)
	}
	if err != nil {
		return unreadable(err)
	}
	return nil
}

func unreadable(err error) error {
	return fmt.Errorf("the answer of the running heliograph cannot be read: %w", err)
}

// readableJSON returns a JSON value whose texts are safe to show: names of
// programs, errors of services and lines of the log end up on a terminal.
func readableJSON(raw []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // which keeps numbers as they are written
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(readableValue(v))
}

// readableValue changes a decoded JSON value in place, and returns it.
func readableValue(v any) any {
	switch v := v.(type) {
	case string:
		return readable.Text(v)
	case []any:
		for i := range v {
			v[i] = readableValue(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = readableValue(v[key])
		}
	}
	return v
}

// noAnswer names what failed for err; a deadline is ErrNoAnswer.
func noAnswer(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ErrNoAnswer
	}
	return fmt.Errorf("the connection to the running heliograph ended: %w", err)
}

// orCause returns why ctx has ended, or err if it has not.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
