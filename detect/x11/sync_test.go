package x11

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

// counters builds a ListSystemCounters reply.
func counters(names ...string) []byte {
	b := make([]byte, 32)
	binary.LittleEndian.PutUint32(b[8:], uint32(len(names)))
	for i, n := range names {
		e := make([]byte, 14, 14+len(n)+3)
		binary.LittleEndian.PutUint32(e, uint32(100+i))
		binary.LittleEndian.PutUint16(e[12:], uint16(len(n)))
		e = append(e, n...)
		for len(e)%4 != 0 {
			e = append(e, 0)
		}
		b = append(b, e...)
	}
	return b
}

func TestFindCounter(t *testing.T) {
	reply := counters("SERVERTIME", "DEVICEIDLETIME 2", "IDLETIME")
	if id, ok := findCounter(reply, idleCounter); !ok || id != 102 {
		t.Errorf("got %d, %v", id, ok)
	}
	if _, ok := findCounter(counters("SERVERTIME"), idleCounter); ok {
		t.Error("found what is not there")
	}
	for n := range reply {
		if n < len(reply)-11 { // the name itself is cut
			if _, ok := findCounter(reply[:n], idleCounter); ok {
				t.Fatalf("found in the first %d bytes", n)
			}
		}
	}
}

func FuzzFindCounter(f *testing.F) {
	f.Add(counters("IDLETIME"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, reply []byte) {
		// The law: what is found is in the reply.
		if _, ok := findCounter(reply, idleCounter); ok && !bytes.Contains(reply, []byte(idleCounter)) {
			t.Error("found a counter that is not there")
		}
	})
}

func FuzzAlarmNotify(f *testing.F) {
	f.Add(make([]byte, 32))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, ok := newAlarmNotify(b).(alarmNotify); !ok {
			t.Error("no alarm")
		}
	})
}

func TestCounterValue(t *testing.T) {
	b := []byte{1, 0, 0, 0, 2, 0, 0, 0}
	if v := counterValue(b); v != 1<<32+2 {
		t.Errorf("got %d", v)
	}
}

func TestAlarmRequest(t *testing.T) {
	b := syncRequest(140, syncCreateAlarm, alarm(5, 6, 2*time.Second, positiveTransition))
	if int(binary.LittleEndian.Uint16(b[2:]))*4 != len(b) || len(b) != 44 {
		t.Errorf("%d bytes, length says %d words", len(b), binary.LittleEndian.Uint16(b[2:]))
	}
}
