package tray

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestDesktopEndsTheProgram: the desktop that ends the program waits until
// presence is given back, for five seconds at most, and is answered once.
func TestDesktopEndsTheProgram(t *testing.T) {
	for name, takes := range map[string]time.Duration{"at once": 0, "healthy": 300 * time.Millisecond, "slow": 4 * time.Second, "hangs": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				ends, replies := make(chan struct{}, 9), make(chan time.Duration, 9)
				e := &ending{end: func() {
					ends <- struct{}{}
					<-time.After(takes)
				}}
				reply := func() { replies <- time.Since(began) }
				e.request(reply)
				if time.Since(began) != 0 {
					t.Error("the request waits; Cocoa's main thread must not")
				}
				e.request(reply)
				synctest.Wait()
				if takes > 0 && len(replies) != 0 {
					t.Error("the desktop goes on before presence is given back")
				}
				<-time.After(2 * time.Hour)
				if len(ends) != 1 || len(replies) != 1 {
					t.Fatalf("asked %d times to end, answered %d times", len(ends), len(replies))
				}
				if got, want := <-replies, min(takes, 5*time.Second); got != want {
					t.Errorf("answered after %v, want %v", got, want)
				}
			})
		})
	}
}
