package detect

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xproto"
)

// Parts of the X Synchronization Extension that heliograph speaks; the X
// library at hand does not have it.
//
// Source: https://www.x.org/releases/current/doc/xextproto/sync.html
const (
	syncName            = "SYNC"
	syncInitialize      = 0
	syncListCounters    = 1
	syncQueryCounter    = 5
	syncCreateAlarm     = 8
	syncAlarmNotify     = 1        // first event + 1
	syncAllAlarmAspects = 1<<6 - 1 // counter, value type, value, test, delta, events
	syncAbsolute        = 0
	positiveTransition  = 0
	negativeTransition  = 1
)

// idleCounter is the server's count of milliseconds without input.
const idleCounter = "IDLETIME"

func init() {
	xgb.NewExtEventFuncs[syncName] = map[int]xgb.NewEventFun{}
	xgb.NewExtErrorFuncs[syncName] = map[int]xgb.NewErrorFun{}
	xgb.Logger = log.New(io.Discard, "", 0) // it prints to the user's terminal
}

// x11Idle hears from the X server when the desk comes to rest and when it is
// used again; in between nothing runs.
type x11Idle struct {
	conn    *xgb.Conn
	counter uint32
	done    chan struct{}

	mu    sync.Mutex
	err   error
	inUse bool
	last  time.Time
}

func openX11Idle(_ context.Context, e env) (source, error) {
	conn, err := dialX()
	if err != nil {
		return nil, err
	}
	x := &x11Idle{conn: conn, done: make(chan struct{})}
	if err := x.arm(e.settle); err != nil {
		conn.Close()
		return nil, err
	}
	go x.follow(e.settle, e.changed)
	return x, nil
}

// dialX connects to the display of an X session.
func dialX() (*xgb.Conn, error) {
	if os.Getenv("DISPLAY") == "" {
		return nil, errors.New("there is no display (DISPLAY is not set)")
	}
	// XWayland counts only the input that X programs get.
	errWayland := errors.New("the X server of a Wayland session does not see all input")
	if os.Getenv("WAYLAND_DISPLAY") != "" || os.Getenv("XDG_SESSION_TYPE") == "wayland" {
		return nil, errWayland
	}
	conn, err := xgb.NewConn()
	if err != nil {
		return nil, fmt.Errorf("the display does not answer: %w", err)
	}
	if xwayland(conn) {
		conn.Close()
		return nil, errWayland
	}
	return conn, nil
}

// xwayland reports XWayland: newer ones say so with an extension, all name
// their outputs so.
func xwayland(conn *xgb.Conn) bool {
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

// arm finds the counter, reads it and sets an alarm for each direction.
func (x *x11Idle) arm(settle time.Duration) error {
	ext, err := xproto.QueryExtension(x.conn, uint16(len(syncName)), syncName).Reply()
	if err != nil || !ext.Present {
		return errors.New("the display has no SYNC extension")
	}
	x.conn.ExtLock.Lock()
	x.conn.Extensions[syncName] = ext.MajorOpcode
	xgb.NewEventFuncs[int(ext.FirstEvent)+syncAlarmNotify] = newAlarmNotify
	x.conn.ExtLock.Unlock()
	ask := func(minor byte, body ...byte) ([]byte, error) {
		cookie := x.conn.NewCookie(true, true)
		x.conn.NewRequest(syncRequest(ext.MajorOpcode, minor, body), cookie)
		return cookie.Reply()
	}
	if _, err := ask(syncInitialize, 3, 1, 0, 0); err != nil {
		return fmt.Errorf("the display's SYNC extension does not answer: %w", err)
	}
	list, err := ask(syncListCounters)
	if err != nil {
		return fmt.Errorf("the display's counters cannot be listed: %w", err)
	}
	var ok bool
	if x.counter, ok = findCounter(list, idleCounter); !ok {
		return errors.New("the display does not count idle time")
	}
	value, err := ask(syncQueryCounter, u32(x.counter)...)
	if err != nil || len(value) < 16 {
		return fmt.Errorf("the display's idle time cannot be read: %w", err)
	}
	idle := time.Duration(counterValue(value[8:16])) * time.Millisecond
	x.inUse, x.last = idle < settle, time.Now().Round(0).Add(-idle)
	for _, test := range []uint32{positiveTransition, negativeTransition} {
		id, err := x.conn.NewId()
		if err != nil {
			return fmt.Errorf("the display gives no alarm: %w", err)
		}
		cookie := x.conn.NewCookie(true, false)
		x.conn.NewRequest(syncRequest(ext.MajorOpcode, syncCreateAlarm, alarm(id, x.counter, settle, test)), cookie)
		if err := cookie.Check(); err != nil {
			return fmt.Errorf("the display gives no alarm: %w", err)
		}
	}
	return nil
}

// alarm is a CreateAlarm request's body: it fires each time the counter
// crosses the value in the test's direction, and stays armed.
func alarm(id, counter uint32, at time.Duration, test uint32) []byte {
	var b []byte
	for _, v := range []uint32{id, syncAllAlarmAspects, counter, syncAbsolute, 0, uint32(at.Milliseconds()), test, 0, 0, 1} {
		b = append(b, u32(v)...)
	}
	return b
}

func u32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

// syncRequest frames a request; its length counts words of four bytes.
func syncRequest(major, minor byte, body []byte) []byte {
	b := append([]byte{major, minor, 0, 0}, body...)
	binary.LittleEndian.PutUint16(b[2:], uint16(len(b)/4))
	return b
}

// counterValue reads an INT64: high word, low word.
func counterValue(b []byte) int64 {
	return int64(binary.LittleEndian.Uint32(b))<<32 | int64(binary.LittleEndian.Uint32(b[4:]))
}

// findCounter looks a system counter up by name in a ListSystemCounters reply.
func findCounter(reply []byte, name string) (uint32, bool) {
	if len(reply) < 32 {
		return 0, false
	}
	n := binary.LittleEndian.Uint32(reply[8:])
	for rest := reply[32:]; n > 0 && len(rest) >= 14; n-- {
		size := int(binary.LittleEndian.Uint16(rest[12:]))
		if len(rest) < 14+size {
			return 0, false
		}
		if string(rest[14:14+size]) == name {
			return binary.LittleEndian.Uint32(rest), true
		}
		rest = rest[min(len(rest), (14+size+3)&^3):]
	}
	return 0, false
}

// alarmNotify is the event of an alarm.
type alarmNotify struct{ value int64 }

func newAlarmNotify(buf []byte) xgb.Event {
	if len(buf) < 32 {
		return alarmNotify{}
	}
	return alarmNotify{value: counterValue(buf[8:16])}
}

// Bytes, SequenceId and String make alarmNotify an xgb.Event.
func (alarmNotify) Bytes() []byte      { return nil }
func (alarmNotify) SequenceId() uint16 { return 0 }
func (alarmNotify) String() string     { return "SyncAlarmNotify" }

// follow waits for alarms until the connection ends.
func (x *x11Idle) follow(settle time.Duration, wake func()) {
	defer close(x.done)
	for {
		ev, xerr := x.conn.WaitForEvent()
		x.mu.Lock()
		switch e := ev.(type) {
		case alarmNotify:
			idle := time.Duration(e.value) * time.Millisecond
			x.inUse, x.last = idle < settle, time.Now().Round(0).Add(-idle)
		case nil:
			if xerr == nil {
				x.err = errors.New("the display went away")
			}
		}
		err := x.err
		x.mu.Unlock()
		wake()
		if err != nil {
			return
		}
	}
}

func (x *x11Idle) sample() (result, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err != nil {
		return nil, x.err
	}
	return idleResult{inUse: x.inUse, last: x.last}, nil
}

func (x *x11Idle) close() {
	x.conn.Close()
	<-x.done
}
