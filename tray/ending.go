package tray

import (
	"sync"
	"time"
)

// terminateTimeout is how long the desktop waits for the program at most, when it ends
// the program itself: at sign-out, at shutdown, or when another program asks it
// to quit. It is as long as quitting takes at most.
const terminateTimeout = 5 * time.Second

// ending has the program give back what it has set before the desktop ends it.
type ending struct {
	once sync.Once
	end  func() // Options.End
}

// request calls end, and then reply, with which the desktop goes on: when end has
// returned, or after terminateTimeout. It returns at once. Later requests are answered
// by the first one.
func (e *ending) request(reply func()) {
	e.once.Do(func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			e.end()
		}()
		go func() {
			timer := time.NewTimer(terminateTimeout)
			defer timer.Stop()
			select {
			case <-done:
			case <-timer.C:
			}
			reply()
		}()
	})
}
