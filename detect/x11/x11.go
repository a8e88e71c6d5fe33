// Package x11 reads the idle time of an X server: by the alarms of the SYNC
// extension, or by asking again and again where there is none. It turns bytes
// into values and never judges them.
//
// The X library takes no deadlines and no contexts. Each of its calls runs
// under a deadline of ours; one that does not return is abandoned, and ends
// when the X server answers or ends.
package x11

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xproto"
)

// answerTimeout bounds each answer of the X server, which takes milliseconds.
const answerTimeout = 3 * time.Second

// closeTimeout is how long Close waits for the X library: the program must quit
// within five seconds.
const closeTimeout = 500 * time.Millisecond

// State is an idle time at one instant.
type State struct {
	// InUse reports that there was input within the time that counts as rest.
	// Last is then when use began, else the instant of the last input.
	InUse bool
	Last  time.Time
}

func init() {
	xgb.Logger = log.New(io.Discard, "", 0) // it would print to the user's terminal
}

// errSlow is the error of a call that was abandoned, or not made since an
// abandoned one goes on.
var errSlow = fmt.Errorf("the display does not answer within %v", answerTimeout)

// calling holds a value while a call of the X library goes on, so an X server
// that hangs costs one goroutine and not one for each attempt.
var calling = make(chan struct{}, 1)

// ask returns what f returns, or an error after answerTimeout.
func ask[T any](f func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	timer := time.NewTimer(answerTimeout)
	defer timer.Stop()
	select {
	case calling <- struct{}{}:
	case <-timer.C:
		return none, errSlow
	}
	answers := make(chan answer, 1)
	go func() {
		defer func() { <-calling }()
		v, err := f()
		answers <- answer{v, err}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-timer.C:
		return none, errSlow
	}
}

// dial connects to the display of an X session.
func dial(ctx context.Context) (*xgb.Conn, error) {
	if os.Getenv("DISPLAY") == "" {
		return nil, errors.New("there is no display (DISPLAY is not set)")
	}
	// XWayland counts only the input that X programs get.
	errWayland := errors.New("the X server of a Wayland session does not see all input")
	if os.Getenv("WAYLAND_DISPLAY") != "" || os.Getenv("XDG_SESSION_TYPE") == "wayland" {
		return nil, errWayland
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return ask(func() (*xgb.Conn, error) {
		conn, err := xgb.NewConn()
		if err != nil {
			return nil, fmt.Errorf("the display does not answer: %w", err)
		}
		switch {
		case isXWayland(conn):
			err = errWayland
		case ctx.Err() != nil: // nobody waits any more
			err = ctx.Err()
		default:
			return conn, nil
		}
		conn.Close()
		return nil, err
	})
}

// isXWayland reports XWayland: newer ones have an extension that says so, and
// all name their outputs so.
func isXWayland(conn *xgb.Conn) bool {
	const name = "XWAYLAND"
	if ext, err := xproto.QueryExtension(conn, uint16(len(name)), name).Reply(); err == nil && ext.Present {
		return true
	}
	if randr.Init(conn) != nil {
		return false
	}
	res, err := randr.GetScreenResources(conn, xproto.Setup(conn).DefaultScreen(conn).Root).Reply()
	if err != nil {
		return false
	}
	for _, o := range res.Outputs {
		info, err := randr.GetOutputInfo(conn, o, 0).Reply()
		if err == nil && strings.HasPrefix(string(info.Name), name) {
			return true
		}
	}
	return false
}

// closeConn closes a connection, and waits for done as long as closeTimeout.
func closeConn(conn *xgb.Conn, done <-chan struct{}) {
	conn.Close()
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
