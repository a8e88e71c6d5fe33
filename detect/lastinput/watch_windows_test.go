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

func TestRestIsWatched(t *testing.T) {
	moveMouse()
	notified := make(chan struct{}, 64)
	w, err := Watch(t.Context(), 400*time.Millisecond, func() { notified <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	until := func(active bool) State {
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
			case <-notified:
			case <-end:
				t.Fatalf("active is not %v: %+v", active, s)
			}
		}
	}
	began := time.Now()
	if d := time.Since(until(false).Last); d < 300*time.Millisecond || d > time.Since(began)+5*time.Second {
		t.Errorf("the last input was %v ago", d)
	}
	if len(notified) > 0 {
		t.Errorf("%d more notifications", len(notified))
	}
	moveMouse()
	if d := time.Since(until(true).Last); d > patience {
		t.Errorf("the first input was %v ago", d)
	}
	until(false)
}
