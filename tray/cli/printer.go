package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"heliograph/graph/presence"
	"heliograph/tray/words"
)

// printer writes a readable line with each change, in colour on a terminal. It is
// the demo's app.Reporter.
type printer struct {
	mu     sync.Mutex
	out    io.Writer
	colour bool
	want   string
	shown  string
	err    string
}

func newPrinter(out io.Writer) *printer {
	p := &printer{out: out}
	p.colour = colour(out)
	return p
}

// Line writes text with the time of day.
func (p *printer) Line(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line("", text)
}

// Missing prints what could not be opened.
func (p *printer) Missing(part, problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line("\x1b[2m", words.Say("print.missing", words.Part(part), problem))
}

// State writes what has changed since the last one.
func (p *printer) State(s presence.State) {
	if !s.Observed {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if want := words.Decision(s); want != p.want {
		p.want = want
		p.line(ink(s.Want.Pair()), want)
	}
	if !s.ShownAt.IsZero() {
		if shown := words.Pair(s.Shown.Pair); shown != p.shown {
			p.shown = shown
			p.line("\x1b[1m", words.Say("print.shown", shown))
		}
	}
	text := ""
	if s.Err != nil {
		text = s.Err.Error()
	}
	if text != p.err {
		p.err = text
		if text == "" {
			text = words.Say("print.recovered")
		}
		p.line("\x1b[31m", text)
	}
}

func (p *printer) line(ink, text string) {
	off := "\x1b[0m"
	if !p.colour {
		ink, off = "", ""
	}
	fmt.Fprintln(p.out, time.Now().Format("15:04:05"), "", ink+text+off)
}

func ink(p presence.Pair) string {
	switch p.Availability {
	case "Available":
		return "\x1b[32m"
	case "Busy", "DoNotDisturb":
		return "\x1b[31m"
	case "Away", "BeRightBack":
		return "\x1b[33m"
	}
	return "\x1b[2m"
}
