package x11

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// The parts of the X Synchronization Extension that are used here; the X
// library does not support it.
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
}

// Alarms learns from the alarms of an X server when input stops and begins; in
// between nothing runs.
type Alarms struct {
	conn *xgb.Conn
	rest time.Duration
	done chan struct{}

	mu    sync.Mutex
	err   error
	state State
}

// WatchAlarms connects to the X server of DISPLAY. The user rests when there
// has been no input for rest. changed is called whenever State may answer
// differently.
func WatchAlarms(ctx context.Context, rest time.Duration, changed func()) (*Alarms, error) {
	conn, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	a := &Alarms{conn: conn, rest: rest, done: make(chan struct{})}
	idle, err := ask(a.arm)
	if err != nil {
		conn.Close()
		return nil, err
	}
	a.note(idle)
	go a.follow(changed)
	return a, nil
}

// arm finds the counter, reads it and sets an alarm for each direction.
func (a *Alarms) arm() (idle time.Duration, err error) {
	ext, err := xproto.QueryExtension(a.conn, uint16(len(syncName)), syncName).Reply()
	if err != nil || !ext.Present {
		return 0, errors.New("the display has no SYNC extension")
	}
	a.conn.ExtLock.Lock()
	a.conn.Extensions[syncName] = ext.MajorOpcode
	xgb.NewEventFuncs[int(ext.FirstEvent)+syncAlarmNotify] = newAlarmNotify
	a.conn.ExtLock.Unlock()
	request := func(minor byte, body ...byte) ([]byte, error) {
		cookie := a.conn.NewCookie(true, true)
		a.conn.NewRequest(syncRequest(ext.MajorOpcode, minor, body), cookie)
		return cookie.Reply()
	}
	if _, err := request(syncInitialize, 3, 1, 0, 0); err != nil {
		return 0, fmt.Errorf("the display's SYNC extension does not answer: %w", err)
	}
	list, err := request(syncListCounters)
	if err != nil {
		return 0, fmt.Errorf("the display's counters cannot be listed: %w", err)
	}
	counter, ok := findCounter(list, idleCounter)
	if !ok {
		return 0, errors.New("the display does not count idle time")
	}
	value, err := request(syncQueryCounter, appendUint32(nil, counter)...)
	if err != nil || len(value) < 16 {
		return 0, fmt.Errorf("the display's idle time cannot be read: %w", err)
	}
	for _, test := range []uint32{positiveTransition, negativeTransition} {
		if err := a.setAlarm(ext.MajorOpcode, counter, test); err != nil {
			return 0, fmt.Errorf("the display sets no alarm: %w", err)
		}
	}
	return time.Duration(counterValue(value[8:16])) * time.Millisecond, nil
}

func (a *Alarms) setAlarm(major byte, counter, test uint32) error {
	id, err := a.conn.NewId()
	if err != nil {
		return err
	}
	cookie := a.conn.NewCookie(true, false)
	a.conn.NewRequest(syncRequest(major, syncCreateAlarm, alarm(id, counter, a.rest, test)), cookie)
	return cookie.Check()
}

// alarm returns the body of a CreateAlarm request: the alarm fires each time
// the counter crosses the value in the test's direction, and stays armed.
func alarm(id, counter uint32, at time.Duration, test uint32) []byte {
	var b []byte
	for _, v := range []uint32{id, syncAllAlarmAspects, counter, syncAbsolute, 0, uint32(at.Milliseconds()), test, 0, 0, 1} {
		b = appendUint32(b, v)
	}
	return b
}

func appendUint32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }

// syncRequest frames a request; its length counts words of four bytes.
func syncRequest(major, minor byte, body []byte) []byte {
	b := append([]byte{major, minor, 0, 0}, body...)
	binary.LittleEndian.PutUint16(b[2:], uint16(len(b)/4))
	return b
}

// counterValue decodes an INT64: high word, low word.
func counterValue(b []byte) int64 {
	return int64(binary.LittleEndian.Uint32(b))<<32 | int64(binary.LittleEndian.Uint32(b[4:]))
}

// findCounter finds a system counter by name in a ListSystemCounters reply.
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

// Bytes and String make alarmNotify an xgb.Event.
func (alarmNotify) Bytes() []byte  { return nil }
func (alarmNotify) String() string { return "SyncAlarmNotify" }

// note takes an idle time.
func (a *Alarms) note(idle time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state = State{InUse: idle < a.rest, Last: time.Now().Round(0).Add(-idle)}
}

// follow takes alarms until the connection ends.
func (a *Alarms) follow(changed func()) {
	defer close(a.done)
	for {
		event, xerr := a.conn.WaitForEvent()
		if alarm, ok := event.(alarmNotify); ok {
			a.note(time.Duration(alarm.value) * time.Millisecond)
		}
		ended := event == nil && xerr == nil
		if ended {
			a.mu.Lock()
			a.err = errors.New("the display went away")
			a.mu.Unlock()
		}
		changed()
		if ended {
			return
		}
	}
}

// State returns the present state. An error means that the connection has
// ended.
func (a *Alarms) State() (State, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state, a.err
}

// Close ends the connection.
func (a *Alarms) Close() { closeConn(a.conn, a.done) }
