package detect

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/detect/call"
)

// TestMumbleIsACallOnceItIsConnected: it records and plays as soon as it is open.
func TestMumbleIsACallOnceItIsConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sockets, readings := map[uint32]bool{4: true}, 0
		var problem error
		changed := make(chan struct{}, 1)
		p := newPeers(func() (map[uint32]bool, error) { readings++; return sockets, problem }, func() { changed <- struct{}{} })
		defer p.close()
		rule := call.NewRule(call.Options{})
		mumble := []call.Sound{{Index: 1, PID: 40, Names: []string{"mumble.exe"}}}
		inCall := func(captures []call.Sound) bool {
			j := rule.Judge(call.Evidence{Known: true, Captures: captures, Playbacks: captures, Peers: p.read(captures)}, time.Now())
			return j.Call.Active()
		}
		if inCall(nil) || readings != 0 {
			t.Errorf("nothing records, and the sockets are read %d times", readings)
		}
		if inCall(mumble) {
			t.Error("Mumble is merely open")
		}
		sockets[40] = true
		<-changed // nobody reports the socket
		if !inCall(mumble) {
			t.Error("Mumble is connected")
		}
		problem = errors.New("refused")
		if !inCall(mumble) {
			t.Error("the sockets cannot be read: the streams decide")
		}
		problem = nil
		inCall(mumble)
		if p.read(nil); len(p.connected) != 1 {
			t.Error("Mumble is muted, and still connected")
		}
		delete(sockets, 40)
		if p.read(nil); len(p.connected) != 0 {
			t.Error("Mumble has left")
		}
		before := readings
		if p.read(nil); readings != before {
			t.Error("the sockets are read although nobody needs them")
		}
		firefox := []call.Sound{{Index: 2, PID: 50, Names: []string{"firefox.exe"}}}
		if got := p.read(firefox); got != nil {
			t.Errorf("a browser: %+v", got)
		}
	})
}
