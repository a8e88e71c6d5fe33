//go:build amd64 || arm64

package wasapi

import (
	"os"
	"strings"
	"testing"
	"time"

	"heliograph/build/wait"
)

// TestDeviceThatFails: the others are still listed, and it is as soon as it
// works again, without a notice.
func TestDeviceThatFails(t *testing.T) {
	a, speaker, microphone := newAudio()
	a.newSession(speaker, "music", os.Getpid(), sessionActive)
	a.newSession(microphone, "call", os.Getpid(), sessionActive)
	speaker.fails = deviceInvalidated
	w := a.watch(t) // it fails from the start
	if s := w.read(t); len(s.Recording) != 1 || len(s.Playing) != 0 {
		t.Fatalf("at first %+v", s)
	}
	a.set(func() { speaker.fails = 0 })
	began := time.Now()
	w.until(t, "the speaker is back", func(s Sessions) bool { return len(s.Recording) == 1 && len(s.Playing) == 1 })
	t.Logf("after %v", time.Since(began).Round(time.Millisecond))
	a.set(func() { microphone.fails = serviceNotRunning })
	speaker.notify()
	w.until(t, "the microphone is gone", func(s Sessions) bool { return len(s.Recording) == 0 && len(s.Playing) == 1 })
	a.set(func() { microphone.fails = 0 })
	w.until(t, "it is back", func(s Sessions) bool { return len(s.Recording) == 1 })
	w.Close()
	a.checkReleased(t)
}

// TestAllDevicesFail: then another service must do.
func TestAllDevicesFail(t *testing.T) {
	a, speaker, microphone := newAudio()
	w := a.watch(t)
	a.set(func() { speaker.fails, microphone.fails = serviceNotRunning, serviceNotRunning })
	microphone.notify()
	if err := w.fails(t); !strings.Contains(err.Error(), "0x88890010") {
		t.Errorf("got %v", err)
	}
	w.Close()
	a.checkReleased(t)
	if again, err := watch(t.Context(), func() {}, a.newEnumerator); err == nil {
		again.Close()
		t.Error("it is watched anew")
	}
	a.checkReleased(t)
}

// TestSessionIsListedLate: one that was announced is seen at once, and once, from
// before Windows lists it until after.
func TestSessionIsListedLate(t *testing.T) {
	a, _, microphone := newAudio()
	w := a.watch(t)
	const instance = "microphone|Zoom.exe|1"
	call := a.announce(microphone, instance, os.Getpid(), sessionActive)
	began := time.Now()
	w.until(t, "the session is seen", func(s Sessions) bool {
		return len(s.Recording) == 1 && s.Recording[0].PID == os.Getpid() && s.Recording[0].Device == "The microphone"
	})
	t.Logf("after %v", time.Since(began).Round(time.Millisecond))
	id := w.read(t).Recording[0].ID
	call.setState(0)
	call.notify()
	w.until(t, "it is paused", func(s Sessions) bool { return len(s.Recording) == 0 })
	call.setState(sessionActive)
	call.notify()
	w.until(t, "it goes on", func(s Sessions) bool { return len(s.Recording) == 1 })
	a.show(microphone)
	microphone.notify()
	w.settled(t, microphone)
	if s := w.read(t).Recording; len(s) != 1 || s[0].ID != id {
		t.Errorf("once it is listed: %+v", s)
	}
	w.Close()
	a.checkReleased(t)
}

// TestSessionSeenAtTheSecondReading: Windows announces a session without handing
// it over, and lists it a moment later, without another notice.
func TestSessionSeenAtTheSecondReading(t *testing.T) {
	a, _, microphone := newAudio()
	w := a.watch(t)
	microphone.notify()
	wait.Until(t, "the sessions are read, once", func() (read bool) {
		a.set(func() { read = microphone.asked == 2 && microphone.children[0].refs == 1 })
		return read
	})
	a.newSession(microphone, "microphone|Zoom.exe|1", os.Getpid(), sessionActive)
	began := time.Now()
	w.until(t, "the session is seen", func(s Sessions) bool { return len(s.Recording) == 1 })
	t.Logf("after %v", time.Since(began).Round(time.Millisecond))
	w.Close()
	a.checkReleased(t)
}

// TestDeviceThatReportsNothing: its sessions are seen nevertheless.
func TestDeviceThatReportsNothing(t *testing.T) {
	a, _, microphone := newAudio()
	microphone.deaf = true
	w := a.watch(t)
	a.newSession(microphone, "microphone|Zoom.exe|1", os.Getpid(), sessionActive)
	w.until(t, "the session is seen", func(s Sessions) bool { return len(s.Recording) == 1 })
	w.Close()
	a.checkReleased(t)
}

// TestExpiredSessions: Windows lists them for as long as anybody holds them.
func TestExpiredSessions(t *testing.T) {
	a, _, microphone := newAudio()
	listed := a.newSession(microphone, "microphone|a|1", os.Getpid(), sessionActive)
	w := a.watch(t)
	announced := a.announce(microphone, "microphone|b|1", os.Getpid(), sessionActive)
	w.until(t, "both are seen", func(s Sessions) bool { return len(s.Recording) == 2 })
	for _, s := range []*audioObject{listed, announced} {
		s.setState(sessionExpired)
	}
	listed.notify()
	w.until(t, "both have ended", func(s Sessions) bool { return len(s.Recording) == 0 })
	w.settled(t, microphone) // the listing has released what the one before held
	a.set(func() {
		for _, s := range []*audioObject{listed, announced} {
			if s.refs != 1 || len(s.notifiers) != 0 {
				t.Errorf("%s: %d references, %d registrations are left", s.name, s.refs-1, len(s.notifiers))
			}
		}
	})
	w.Close()
	a.checkReleased(t)
}

// TestLateCalls: a registration that Windows keeps is called after the watcher
// was closed, and while there is another one.
func TestLateCalls(t *testing.T) {
	a, _, microphone := newAudio()
	call := a.newSession(microphone, "call", os.Getpid(), sessionActive)
	call.sticky, microphone.sticky = true, true
	w := a.watch(t)
	call.notify()
	w.Close()
	late := func() {
		call.notify()
		microphone.handOver(call)
	}
	if len(call.registered()) == 0 || len(microphone.registered()) == 0 {
		t.Fatal("nothing is registered")
	}
	late()
	a.set(func() {
		if call.refs != 1 {
			t.Errorf("after its end the watcher takes a session: %d references", call.refs-1)
		}
	})
	other, _, microphone2 := newAudio()
	another := other.newSession(microphone2, "call", os.Getpid(), sessionActive)
	w = other.watch(t)
	late()
	another.setState(0)
	another.notify()
	w.until(t, "the other is watched", func(s Sessions) bool { return len(s.Recording) == 0 })
	late()
	w.Close()
	other.checkReleased(t)
}

// TestNotifiersAreUsedAgain: a watcher that is opened again and again needs no
// more of them.
func TestNotifiersAreUsedAgain(t *testing.T) {
	count := func() int {
		notifiers.Lock()
		defer notifiers.Unlock()
		return len(notifiers.all)
	}
	a, _, microphone := newAudio()
	a.newSession(microphone, "call", os.Getpid(), sessionActive)
	first := 0
	for i := range 5 {
		w := a.watch(t)
		microphone.notify()
		w.settled(t, microphone)
		w.Close()
		if i == 0 {
			first = count()
		}
	}
	if n := count(); n != first {
		t.Errorf("%d notifiers after one watcher, %d after five", first, n)
	}
	a.checkReleased(t)
}
