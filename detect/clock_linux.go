package detect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// sleptAtLeast is how much more the clock that counts sleep must have moved
// than the one that does not; both are read one after the other.
const sleptAtLeast = time.Second

// clock is the second witness of sleep, where nobody announces it: the kernel
// ends the read of a timer when the wall clock jumps, and it jumps when the
// machine wakes up.
//
// Source: https://man7.org/linux/man-pages/man2/timerfd_create.2.html
// (TFD_TIMER_CANCEL_ON_SET), fs/timerfd.c: timerfd_resume
type clock struct {
	timer *os.File
	wake  func()
	done  chan struct{}

	mu    sync.Mutex
	err   error
	slept time.Duration // since the machine started
	woke  time.Time
}

func openClock(_ context.Context, e env) (source, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("the clock cannot be watched: %w", err)
	}
	c := &clock{timer: os.NewFile(uintptr(fd), "timerfd"), wake: e.changed, done: make(chan struct{}), slept: slept()}
	if err := c.arm(); err != nil {
		c.timer.Close()
		return nil, err
	}
	go c.follow()
	return c, nil
}

// arm sets the timer far ahead: only its end by a jump is of interest.
func (c *clock) arm() error {
	far := unix.ItimerSpec{Value: unix.NsecToTimespec(time.Now().AddDate(50, 0, 0).UnixNano())}
	raw, err := c.timer.SyscallConn()
	if err != nil {
		return fmt.Errorf("the clock cannot be watched: %w", err)
	}
	var set error
	if err := raw.Control(func(fd uintptr) {
		set = unix.TimerfdSettime(int(fd), unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &far, nil)
	}); err != nil {
		return fmt.Errorf("the clock cannot be watched: %w", err)
	}
	if set != nil && !errors.Is(set, unix.ECANCELED) { // it jumped this instant
		return fmt.Errorf("the clock cannot be watched: %w", set)
	}
	return nil
}

// slept is how long this machine has slept since it started.
func slept() time.Duration {
	var all, awake unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil {
		return 0
	}
	return time.Duration(all.Nano() - awake.Nano())
}

func (c *clock) follow() {
	defer close(c.done)
	buf := make([]byte, 8)
	for {
		_, err := c.timer.Read(buf)
		if errors.Is(err, unix.ECANCELED) {
			err = c.arm()
		}
		c.jumped(slept(), time.Now().Round(0), err)
		c.wake()
		if err != nil {
			return
		}
	}
}

// jumped takes a jump of the wall clock in; only sleep counts as one.
func (c *clock) jumped(slept time.Duration, now time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slept-c.slept >= sleptAtLeast {
		c.woke = now.Truncate(time.Millisecond)
	}
	c.slept, c.err = max(c.slept, slept), err
}

func (c *clock) sample() (result, error) {
	now := slept()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	if now-c.slept >= sleptAtLeast { // another event came before the timer's
		c.slept, c.woke = now, time.Now().Round(0).Truncate(time.Millisecond)
	}
	return wakeResult{c.woke}, nil
}

func (c *clock) close() {
	c.timer.Close()
	<-c.done
}
