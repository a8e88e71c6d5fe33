package app

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"heliograph/graph/presence"
	"heliograph/tray/words"
)

// Printer writes a readable line with each change, in colour on a terminal. A
// nil Printer writes nothing.
type Printer struct {
	mu     sync.Mutex
	out    io.Writer
	colour bool
	want   string
	shown  string
	err    string
}

// NewPrinter writes to out.
func NewPrinter(out io.Writer) *Printer {
	p := &Printer{out: out}
	if f, ok := out.(*os.File); ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		p.colour = term.IsTerminal(int(f.Fd()))
	}
	return p
}

// Line writes text with the time of day.
func (p *Printer) Line(text string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line("", text)
}

// Missing says what could not be opened.
func (p *Printer) Missing(part, problem string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line("\x1b[2m", words.Say("print.missing", part, problem))
}

// State writes what has changed since the last one.
func (p *Printer) State(s presence.State) {
	if p == nil || !s.Observed {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if want := words.Because(s); want != p.want {
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
			text = words.Say("print.well-again")
		}
		p.line("\x1b[31m", text)
	}
}

func (p *Printer) line(ink, text string) {
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
