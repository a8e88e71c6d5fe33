package logbook

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// output is a buffer that several goroutines may use.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func (o *output) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b.Reset()
}

// TestRepeatedLinesAreCounted floods the log with one message, then with two
// that alternate: twenty lines of each pass, and one line has the count. Another
// message is written meanwhile.
func TestRepeatedLinesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out output
		log := slog.New(limit(slog.NewTextHandler(&out, nil)))
		for i := range 12_000 {
			log.With("outlet", "mqtt").Warn("a status was set", "status", i)
			if i%2 == 0 {
				log.Info("posted")
			}
		}
		log.Error("something else")
		count := func(text string) int { return strings.Count(out.String(), text) }
		if count("a status was set") != repeatMost || count("msg=posted") != repeatMost || count("something else") != 1 {
			t.Errorf("the flood leaves\n%s", out.String())
		}
		out.Reset()
		<-time.After(repeatWindow)
		synctest.Wait()
		for line, want := range map[string]string{"a status was set": "level=WARN", "posted": "level=INFO"} {
			n := 12_000 - repeatMost
			if line == "posted" {
				n = 6_000 - repeatMost
			}
			found := false
			for text := range strings.Lines(out.String()) {
				found = found || strings.Contains(text, want) && strings.Contains(text, line) && strings.Contains(text, fmt.Sprintf("count=%d", n))
			}
			if !found {
				t.Errorf("nothing says that %d lines were left out:\n%s", n, out.String())
			}
		}
		out.Reset()
		log.Info("posted")
		if count("msg=posted") != 1 {
			t.Error("after the flood the message is not written")
		}
	})
}

// TestOrdinaryLinesAreAllWritten: a message each ten seconds for an hour.
func TestOrdinaryLinesAreAllWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(limit(slog.NewTextHandler(&out, nil)))
		for range 360 {
			log.Info("presence set")
			<-time.After(10 * time.Second)
		}
		if n := strings.Count(out.String(), "\n"); n != 360 {
			t.Errorf("%d lines", n)
		}
	})
}

// TestManyMessagesAreNotKept: messages with values in them use no more and more
// memory.
func TestManyMessagesAreNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit(slog.NewTextHandler(io.Discard, nil)).(limited)
		log := slog.New(l)
		for i := range 100_000 {
			log.Info(fmt.Sprint(i))
			<-time.After(repeatWindow / 100)
		}
		if n := len(l.windows.open); n > maxWindows+1 {
			t.Errorf("%d messages are kept", n)
		}
		for i := range 100_000 { // in one instant
			log.Info(fmt.Sprint("at once ", i))
		}
		if n := len(l.windows.open); n > maxWindows+1 {
			t.Errorf("%d messages are kept of one instant", n)
		}
	})
}
