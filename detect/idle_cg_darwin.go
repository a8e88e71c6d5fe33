package detect

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"
)

// cgIdle knows when the last input was. In use, it looks at the one instant at
// which the desk may have come to rest. At rest it looks every second: macOS
// tells of input only a program that may read every key, and this one must
// not ask for that.
//
// Source: CoreGraphics/CGEventSource.h. The state of the hardware is asked
// for, since others are set back by waking up without input.
type cgIdle struct {
	settle time.Duration
	wake   func()
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	inUse bool
	last  time.Time
}

// macLook is how often a resting desk is looked at.
const macLook = time.Second

func openCGIdle(ctx context.Context, e env) (source, error) {
	if err := frameworks(); err != nil {
		return nil, err
	}
	c := &cgIdle{settle: e.settle, wake: e.changed, done: make(chan struct{})}
	last, err := lastInput()
	if err != nil {
		return nil, err
	}
	c.inUse, c.last = time.Since(last) < c.settle, last
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go c.follow(ctx)
	return c, nil
}

func lastInput() (time.Time, error) {
	const hidState, anyInput = 1, math.MaxUint32
	s := cgSecondsSinceInput(hidState, anyInput)
	if math.IsNaN(s) || s < 0 || s > 10*365*24*3600 {
		return time.Time{}, errors.New("macOS does not tell when the last input was")
	}
	return time.Now().Round(0).Add(-time.Duration(s * float64(time.Second))), nil
}

func (c *cgIdle) follow(ctx context.Context) {
	defer close(c.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		last, err := lastInput()
		if err != nil {
			timer.Reset(macLook) // it answered before, and may again
			continue
		}
		rest := time.Until(last.Add(c.settle))
		c.mu.Lock()
		changed := c.inUse != (rest > 0)
		if changed {
			c.inUse, c.last = rest > 0, last
		}
		c.mu.Unlock()
		if changed {
			c.wake()
		}
		timer.Reset(macLook)
		if rest > 0 {
			timer.Reset(rest)
		}
	}
}

func (c *cgIdle) sample() (result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return idleResult{inUse: c.inUse, last: c.last}, nil
}

func (c *cgIdle) close() {
	c.cancel()
	<-c.done
}
