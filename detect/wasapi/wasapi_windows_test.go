//go:build amd64 || arm64

package wasapi

import (
	"os"
	"strings"
	"testing"
	"time"

	"heliograph/detect/oscall"
)

// patience is how long Windows may take on a busy computer.
const patience = 10 * time.Second

// watched is a watcher with its notifications.
type watched struct {
	*Watcher
	notified chan struct{}
}

func (a *audio) watch(t *testing.T) watched {
	t.Helper()
	n := make(chan struct{}, 64)
	w, err := watch(t.Context(), func() { n <- struct{}{} }, a.newEnumerator)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return watched{w, n}
}

func (w watched) read(t *testing.T) Sessions {
	t.Helper()
	s, err := w.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// until reads the sessions at each notification until they are as wanted.
func (w watched) until(t *testing.T, what string, ok func(Sessions) bool) {
	t.Helper()
	end := time.After(patience)
	for !ok(w.read(t)) {
		select {
		case <-w.notified:
		case <-end:
			t.Fatalf("not so: %s: %+v", what, w.read(t))
		}
	}
}

// settled waits for two more listings: what was held before them is released
// after them.
func (w watched) settled(t *testing.T, manager *audioObject) {
	t.Helper()
	asked := func() (n int) {
		manager.audio.set(func() { n = manager.asked })
		return n
	}
	end := time.Now().Add(patience)
	for range 2 {
		before := asked()
		for w.changed <- struct{}{}; asked() == before; {
			if time.Now().After(end) {
				t.Fatal("the sessions are not listed")
			}
		}
	}
}

// fails waits until the watcher reports an error.
func (w watched) fails(t *testing.T) error {
	t.Helper()
	end := time.After(patience)
	for {
		if _, err := w.Sessions(); err != nil {
			return err
		}
		select {
		case <-w.notified:
		case <-end:
			t.Fatal("no error")
		}
	}
}

func TestSessionsAreWatched(t *testing.T) {
	a, speaker, microphone := newAudio()
	call := a.newSession(microphone, "call", os.Getpid(), sessionActive)
	a.newSession(microphone, "paused", os.Getppid(), 0)
	a.newSession(speaker, "sounds of Windows", 0, sessionActive)
	w := a.watch(t)
	s := w.read(t)
	if len(s.Recording) != 1 || s.Recording[0].PID != os.Getpid() || s.Recording[0].Device != "The microphone" || len(s.Recording[0].Names) == 0 {
		t.Fatalf("recording at first: %+v", s.Recording)
	}
	if len(s.Playing) != 1 || s.Playing[0].PID != 0 || len(s.Playing[0].Names) != 0 {
		t.Errorf("playing at first: %+v", s.Playing)
	}
	id := s.Recording[0].ID

	call.setState(0)
	call.notify()
	w.until(t, "the recording is paused", func(s Sessions) bool { return len(s.Recording) == 0 })
	call.setState(sessionActive)
	call.notify()
	w.until(t, "it goes on with the same id", func(s Sessions) bool { return len(s.Recording) == 1 && s.Recording[0].ID == id })
	a.newSession(microphone, "another", os.Getppid(), sessionActive)
	microphone.notify()
	w.until(t, "there is a second session", func(s Sessions) bool {
		return len(s.Recording) == 2 && s.Recording[0].ID != s.Recording[1].ID
	})

	w.Close()
	a.checkReleased(t)
}

// TestAudioThatHangs: the error comes while it hangs, Close returns, and all is
// released once it goes on.
func TestAudioThatHangs(t *testing.T) {
	a, _, microphone := newAudio()
	w := a.watch(t)
	hang := make(chan struct{})
	a.mu.Lock()
	microphone.hang = hang
	a.mu.Unlock()
	began := time.Now()
	microphone.notify()
	if err := w.fails(t); !strings.Contains(err.Error(), "no answer") || time.Since(began) < oscall.CallLimit {
		t.Errorf("got %v after %v", err, time.Since(began))
	}
	began = time.Now()
	w.Close()
	if d := time.Since(began); d > patience {
		t.Errorf("closed after %v", d)
	}
	if _, err := watch(t.Context(), func() {}, a.newEnumerator); err == nil || !strings.Contains(err.Error(), "has not returned") {
		t.Errorf("a second watcher: %v", err)
	}
	close(hang)
	w.Close() // waits for the loop, which is free now
	a.checkReleased(t)
}

func TestNoSoundDevice(t *testing.T) {
	a, _, _ := newAudio()
	for _, list := range a.enumerator.children {
		list.children = nil
	}
	if w, err := watch(t.Context(), func() {}, a.newEnumerator); err == nil {
		w.Close()
		t.Error("it is watched")
	}
	if a.enumerator.refs != 1 || len(a.enumerator.notifiers) != 0 {
		t.Errorf("%d references, %d registrations are left", a.enumerator.refs, len(a.enumerator.notifiers))
	}
}

// TestWatch runs on the Windows at hand: Wine lists devices, but no sessions.
func TestWatch(t *testing.T) {
	w, err := Watch(t.Context(), func() {})
	if err != nil {
		t.Logf("not here: %v", err)
		if !strings.HasPrefix(err.Error(), "audio sessions: ") {
			t.Errorf("got %v", err)
		}
		return
	}
	defer w.Close()
	if _, err := w.Sessions(); err != nil {
		t.Error(err)
	}
}

func TestGUID(t *testing.T) {
	if got := iidDeviceEnumerator.String(); got != "{A95664D2-9614-4F35-A746-DE8DB63617E6}" {
		t.Errorf("IMMDeviceEnumerator is %s", got)
	}
	if got := iidUnknown.String(); got != "{00000000-0000-0000-C000-000000000046}" {
		t.Errorf("IUnknown is %s", got)
	}
}
