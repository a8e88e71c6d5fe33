package control

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestServerThatNeverAnswers has an instance that accepts and stays silent: all
// ways to ask it end within ten seconds, with the reason and the fix.
func TestServerThatNeverAnswers(t *testing.T) {
	t.Parallel()
	_, dir := newServer(t, func(context.Context, Request, func(any) error) error { select {} })
	ask := map[string]func() error{
		"call":   func() error { return Call(t.Context(), dir, VerbStatus, nil, nil) },
		"follow": func() error { return Follow(t.Context(), dir, VerbFollow, nil, func(State) error { return nil }) },
		"quit":   func() error { _, err := Quit(t.Context(), dir); return err },
	}
	var wait sync.WaitGroup
	for name, f := range ask {
		wait.Go(func() {
			began := time.Now()
			err := f()
			if took := time.Since(began); !errors.Is(err, ErrNoAnswer) || took > 10*time.Second {
				t.Errorf("%s: %v after %s", name, err, took)
			}
		})
	}
	wait.Wait()
}

// TestFollowerAsksAfterASilence has an instance that has nothing new for several
// silences, and then one that answers the question with an error.
func TestFollowerAsksAfterASilence(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	questions := 0
	changed, fails := make(chan struct{}), make(chan struct{})
	_, dir := newServer(t, func(ctx context.Context, r Request, reply func(any) error) error {
		if r.Verb == VerbStatus {
			mu.Lock()
			questions++
			if questions == 3 {
				close(changed)
			}
			mu.Unlock()
			select {
			case <-fails:
				return errors.New("it fails")
			default:
				return reply(State{})
			}
		}
		if err := reply(State{Text: "first"}); err != nil {
			return err
		}
		<-changed
		if err := reply(State{Text: "second"}); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
	var got []string
	err := follow(t.Context(), dir, VerbFollow, nil, 50*time.Millisecond, func(s State) error {
		if got = append(got, s.Text); s.Text == "second" {
			close(fails)
		}
		return nil
	})
	if err == nil || err.Error() != "it fails" || strings.Join(got, " ") != "first second" {
		t.Errorf("%v, %v", got, err)
	}
}

// TestHandlerHasADeadline: a question's context ends before its client gives
// up, so that the client gets the reason.
func TestHandlerHasADeadline(t *testing.T) {
	t.Parallel()
	_, dir := newServer(t, func(ctx context.Context, _ Request, _ func(any) error) error {
		<-ctx.Done()
		return errors.New("the handler gave up")
	})
	if err := Call(t.Context(), dir, VerbDoctor, nil, nil); err == nil || err.Error() != "the handler gave up" {
		t.Errorf("got %v", err)
	}
}

// TestSlowFollowerBlocksNobody has a follower that reads nothing while the
// server has more for it than any socket buffers.
func TestSlowFollowerBlocksNobody(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 512<<10)
	_, dir := newServer(t, func(ctx context.Context, r Request, reply func(any) error) error {
		for r.Verb == VerbFollow {
			if err := reply(State{Text: big}); err != nil {
				return err
			}
		}
		return reply(nil)
	})
	slow, err := dialAndSend(t.Context(), dir, VerbFollow, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.close()
	if _, err := slow.in.next(); err != nil { // it is being served
		t.Fatal(err)
	}
	answers := 0
	enough := errors.New("enough")
	err = Follow(t.Context(), dir, VerbFollow, nil, func(State) error {
		if answers++; answers == 20 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Errorf("another follower got %d answers: %v", answers, err)
	}
	if err := Call(t.Context(), dir, VerbStatus, nil, nil); err != nil {
		t.Errorf("a question: %v", err)
	}
}

// TestFollowersLeaveRoomForQuestions opens more followers than there is room
// for: the surplus is refused with a reason, and questions are answered.
func TestFollowersLeaveRoomForQuestions(t *testing.T) {
	_, dir := newServer(t, func(ctx context.Context, r Request, reply func(any) error) error {
		if err := reply(State{}); err != nil || r.Verb != VerbFollow {
			return err
		}
		<-ctx.Done()
		return nil
	})
	for i := range maxFollowers + 1 {
		c, err := dialAndSend(t.Context(), dir, VerbFollow, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.close()
		err = c.receive(nil)
		if refused := err != nil && err.Error() == errBusy.Error(); refused != (i == maxFollowers) {
			t.Errorf("follower %d: %v", i, err)
		}
	}
	if err := Call(t.Context(), dir, VerbStatus, nil, nil); err != nil {
		t.Errorf("a question: %v", err)
	}
}

// TestCloseDoesNotWaitForAHandlerThatHangs: the socket is released although a
// handler hangs.
func TestCloseDoesNotWaitForAHandlerThatHangs(t *testing.T) {
	called := make(chan struct{})
	s, dir := newServer(t, func(context.Context, Request, func(any) error) error { close(called); select {} })
	c, err := dialAndSend(t.Context(), dir, VerbStatus, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	<-called
	began := time.Now()
	s.Close()
	if took := time.Since(began); took > closeTimeout+time.Second {
		t.Errorf("it took %s", took)
	}
	next, err := Listen(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	next.Close()
}
