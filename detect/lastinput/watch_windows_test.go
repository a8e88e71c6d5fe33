package lastinput

import (
	"testing"
	"time"
)

// patience is how long Windows may take on a busy computer.
const patience = 10 * time.Second

// moveMouse moves the pointer as a hand does.
func moveMouse() {
	const move = 1 // MOUSEEVENTF_MOVE
	user32.NewProc("mouse_event").Call(move, 5, 5, 0, 0)
}

// watched is a watcher with its notifications.
type watched struct {
	*Watcher
	notified chan struct{}
}

func watchRest(t *testing.T, poll time.Duration) watched {
	t.Helper()
	n := make(chan struct{}, 64)
	w, err := watch(t.Context(), 400*time.Millisecond, poll, func() { n <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return watched{w, n}
}

// until reads the state at each notification until it is as wanted.
func (w watched) until(t *testing.T, active bool) State {
	t.Helper()
	end := time.After(patience)
	for {
		s, err := w.State()
		if err != nil {
			t.Fatal(err)
		}
		if s.Active == active {
			return s
		}
		select {
		case <-w.notified:
		case <-end:
			t.Fatalf("active is not %v: %+v", active, s)
		}
	}
}

func TestRestIsWatched(t *testing.T) {
	moveMouse()
	w := watchRest(t, time.Hour)
	began := time.Now()
	if d := time.Since(w.until(t, false).Last); d < 300*time.Millisecond || d > time.Since(began)+5*time.Second {
		t.Errorf("the last input was %v ago", d)
	}
	if len(w.notified) > 0 {
		t.Errorf("%d more notifications", len(w.notified))
	}
	moveMouse()
	if d := time.Since(w.until(t, true).Last); d > patience {
		t.Errorf("the first input was %v ago", d)
	}
	w.until(t, false)
}

// TestWatchersShareRawInput: one that is closed during a rest takes nothing from
// the other, as when the time of the rest is changed in the settings.
func TestWatchersShareRawInput(t *testing.T) {
	moveMouse()
	before, after := watchRest(t, time.Hour), watchRest(t, time.Hour) // both active, so each has raw input sent when it rests
	before.until(t, false)
	after.until(t, false)
	before.Close()
	moveMouse()
	after.until(t, true)
}

// TestInputWithoutAMessage: it is seen although Windows sends no raw input.
func TestInputWithoutAMessage(t *testing.T) {
	moveMouse()
	w := watchRest(t, 200*time.Millisecond)
	w.until(t, false)
	const remove = 0x001 // RIDEV_REMOVE
	if err := registerRawInput(remove, 0); err != nil {
		t.Log(err) // a kind of device is not there
	}
	moveMouse()
	began := time.Now()
	w.until(t, true)
	t.Logf("after %v", time.Since(began).Round(time.Millisecond))
}
