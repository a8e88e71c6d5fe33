package kernel

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// minSleep is how much more the clock that counts sleep must have moved than
// the one that does not, to be sleep; both are read one after the other.
const minSleep = time.Second

// Sleep notices that the computer has slept, even if no service announces it:
// the kernel ends the read of a timer when the wall clock jumps, as it does
// when the computer wakes up.
//
// Source: https://man7.org/linux/man-pages/man2/timerfd_create.2.html
// (TFD_TIMER_CANCEL_ON_SET), fs/timerfd.c: timerfd_resume
type Sleep struct {
	timer   *os.File
	changed func()
	done    chan struct{}

	mu    sync.Mutex
	err   error
	slept time.Duration // since the computer was started
	woke  time.Time
}

// WatchSleep starts to watch. changed is called whenever Woke may answer
// differently.
func WatchSleep(changed func()) (*Sleep, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("the clock cannot be watched: %w", err)
	}
	s := &Sleep{timer: os.NewFile(uintptr(fd), "timerfd"), changed: changed, done: make(chan struct{}), slept: sleptSoFar()}
	if err := s.arm(); err != nil {
		s.timer.Close()
		return nil, err
	}
	go s.follow()
	return s, nil
}

// arm sets the timer far ahead: only its end by a jump is of interest.
func (s *Sleep) arm() error {
	far := unix.ItimerSpec{Value: unix.NsecToTimespec(time.Now().AddDate(50, 0, 0).UnixNano())}
	raw, err := s.timer.SyscallConn()
	if err != nil {
		return fmt.Errorf("the clock cannot be watched: %w", err)
	}
	var set error
	if err := raw.Control(func(fd uintptr) {
		set = unix.TimerfdSettime(int(fd), unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &far, nil)
	}); err != nil {
		return fmt.Errorf("the clock cannot be watched: %w", err)
	}
	if set != nil && !errors.Is(set, unix.ECANCELED) { // it has jumped right now
		return fmt.Errorf("the clock cannot be watched: %w", set)
	}
	return nil
}

// sleptSoFar returns how long the computer has slept since it was started.
func sleptSoFar() time.Duration {
	var all, awake unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil {
		return 0
	}
	return time.Duration(all.Nano() - awake.Nano())
}

func (s *Sleep) follow() {
	defer close(s.done)
	buf := make([]byte, 8)
	for {
		_, err := s.timer.Read(buf)
		if errors.Is(err, unix.ECANCELED) {
			err = s.arm()
		}
		s.jumped(sleptSoFar(), time.Now().Round(0), err)
		s.changed()
		if err != nil {
			return
		}
	}
}

// jumped handles a jump of the wall clock; only one of sleep counts.
func (s *Sleep) jumped(slept time.Duration, now time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slept-s.slept >= minSleep {
		s.woke = now.Truncate(time.Millisecond)
	}
	s.slept, s.err = max(s.slept, slept), err
}

// Woke returns when the computer came back from the last sleep; zero: none was
// seen.
func (s *Sleep) Woke() (time.Time, error) {
	slept := sleptSoFar()
	s.mu.Lock()
	defer s.mu.Unlock()
	if slept-s.slept >= minSleep { // another event came before the timer's
		s.slept, s.woke = slept, time.Now().Round(0).Truncate(time.Millisecond)
	}
	return s.woke, s.err
}

// Close ends the watch.
func (s *Sleep) Close() {
	s.timer.Close()
	<-s.done
}
