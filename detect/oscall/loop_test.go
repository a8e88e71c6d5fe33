package oscall

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// untilClosed runs a loop that works.
func untilClosed(ctx context.Context, l *Loop) error {
	l.Ready()
	<-ctx.Done()
	return nil
}

func TestLoopIsClosedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := Start(t.Context(), t.Name(), func() { t.Error("notified") }, untilClosed)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		l.Close()
		l.Close()
		if err := l.Err(); err != nil || time.Since(began) != 0 {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

func TestStartReturnsTheErrorOfOpening(t *testing.T) {
	broken := errors.New("broken")
	notify := func() { t.Error("notified of an error that Start returns") }
	if _, err := Start(t.Context(), t.Name(), notify, func(context.Context, *Loop) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := Start(t.Context(), t.Name(), notify, func(context.Context, *Loop) error { return nil }); err == nil {
		t.Error("a loop that never was ready is open")
	}
}

// TestOpeningThatHangs: until the loop has ended, attempts to start another cost
// neither time nor a goroutine.
func TestOpeningThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := t.Name()
		hang, ended := make(chan struct{}), make(chan struct{})
		began := time.Now()
		_, err := Start(t.Context(), name, nil, func(ctx context.Context, l *Loop) error {
			<-hang
			l.Ready()
			<-ctx.Done()
			close(ended)
			return nil
		})
		if err == nil || time.Since(began) != OpenLimit {
			t.Fatalf("got %v after %v", err, time.Since(began))
		}
		began = time.Now()
		_, err = Start(t.Context(), name, nil, func(context.Context, *Loop) error { t.Error("started"); return nil })
		if err == nil || !strings.Contains(err.Error(), "has not returned yet") || time.Since(began) != 0 {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		other, err := Start(t.Context(), name+" other", nil, untilClosed)
		if err != nil {
			t.Fatal(err)
		}
		other.Close()
		close(hang)
		<-ended
		synctest.Wait()
		l, err := Start(t.Context(), name, nil, untilClosed)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	})
}

// TestOpeningIsGivenUp when its context ends: quitting does not wait.
func TestOpeningIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := Start(ctx, t.Name(), nil, func(ctx context.Context, _ *Loop) error {
			<-ctx.Done()
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

func TestLaterErrorIsNotifiedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		notified := 0
		stop := make(chan struct{})
		l, err := Start(t.Context(), t.Name(), func() { notified++ }, func(_ context.Context, l *Loop) error {
			l.Ready()
			<-stop
			return broken
		})
		if err != nil {
			t.Fatal(err)
		}
		close(stop)
		synctest.Wait()
		if err := l.Err(); !errors.Is(err, broken) || notified != 1 {
			t.Errorf("got %v, notified %d times", err, notified)
		}
		l.Close()
	})
}

// TestCallThatHangs is noticed while it hangs, Close does not wait for it, and
// the loop ends with the call.
func TestCallThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := t.Name()
		hang := make(chan struct{})
		notified := make(chan struct{}, 1)
		l, err := Start(t.Context(), name, func() { notified <- struct{}{} }, func(ctx context.Context, l *Loop) error {
			l.Ready()
			for ctx.Err() == nil {
				if err := l.Call(func() error { <-hang; return nil }); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		<-notified
		if err := l.Err(); err == nil || time.Since(began) != CallLimit {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		began = time.Now()
		l.Close()
		if time.Since(began) != CloseLimit {
			t.Errorf("closed after %v", time.Since(began))
		}
		if _, err := Start(t.Context(), name, nil, untilClosed); err == nil {
			t.Error("a second loop was started while the first hangs")
		}
		close(hang)
		<-l.done
	})
}

// TestInterruptIsRepeated: one that came too early is not the last.
func TestInterruptIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wait := make(chan struct{}) // interrupted like CFRunLoopRun: only while it lasts
		interrupts := 0
		l, err := Start(t.Context(), t.Name(), nil, func(_ context.Context, l *Loop) error {
			release := l.Interrupt(func() {
				interrupts++
				select {
				case wait <- struct{}{}:
				default:
				}
			})
			l.Ready()
			<-time.After(100 * time.Millisecond) // not waiting yet
			<-wait
			release()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if interrupts != 0 {
			t.Error("interrupted before it is closed")
		}
		l.Close()
		select {
		case <-l.done:
		default:
			t.Error("the loop was abandoned")
		}
		if interrupts < 2 || interrupts > 5 {
			t.Errorf("%d interrupts", interrupts)
		}
	})
}

// TestLoopThatOpensTooLateIsInterrupted: its caller has gone and cannot close
// it.
func TestLoopThatOpensTooLateIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		_, err := Start(t.Context(), t.Name(), nil, func(_ context.Context, l *Loop) error {
			<-time.After(OpenLimit + time.Second)
			wait := make(chan struct{}, 1)
			release := l.Interrupt(func() {
				select {
				case wait <- struct{}{}:
				default:
				}
			})
			l.Ready()
			<-wait
			release()
			close(ended)
			return nil
		})
		if err == nil {
			t.Error("it is open")
		}
		<-ended
	})
}
