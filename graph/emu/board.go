package emu

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
)

//go:embed board
var boardFiles embed.FS

var boardPage = template.Must(template.New("board.html").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.Local().Format("15:04:05") },
	"when":  func(t, now time.Time) string { return t.Local().Format(clockOrDate(t, now)) },
	"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
	"span":  func(from, to time.Time) string { return spanOf(to.Sub(from)) },
}).ParseFS(boardFiles, "board/board.html"))

// clockOrDate returns the layout for an instant that may be days away.
func clockOrDate(t, now time.Time) string {
	if t.Sub(now) < 20*time.Hour {
		return "15:04"
	}
	return "2 January 2006, 15:04"
}

// spanOf writes a span as a clock does, and as board.js does.
func spanOf(d time.Duration) string {
	n := max(0, int64(d/time.Second))
	switch {
	case n >= 86400:
		return fmt.Sprintf("%dd %02d:%02d:%02d", n/86400, n/3600%24, n/60%60, n%60)
	case n >= 3600:
		return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
	}
	return fmt.Sprintf("%d:%02d", n/60, n%60)
}

// board serves the live page: what a colleague would see, and why.
func (s *Server) board(w http.ResponseWriter, r *http.Request, name string) {
	if name == "do" {
		s.boardDo(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	switch name {
	case "":
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		_ = boardPage.Execute(w, s.boardView()) // it fails if the client is gone
	case "board.js", "board.css":
		h.Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, boardFiles, "board/"+name)
	case "events":
		s.events(w, r)
	default:
		http.NotFound(w, r)
	}
}

// boardRegions are the parts of the page that change without a reload. Each is a
// template of that name, and an event of that name carries its new content.
var boardRegions = []string{"clock", "people", "faults", "requests"}

// boardRefresh is how often an open page is redrawn, so that the timelines grow
// while nothing happens. Without an open page no timer runs.
const boardRefresh = 15 * time.Second

// events sends the regions of the page that differ from what was sent, with
// every change and when time alone changes something.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	changes, cancel := s.subscribe()
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	flush := http.NewResponseController(w)
	sent := map[string]string{}
	for {
		view := s.boardView()
		for _, name := range boardRegions {
			html, err := region(name, view)
			if err != nil {
				return // not with these templates: the tests render them
			}
			if html == sent[name] {
				continue
			}
			sent[name] = html
			if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, eventLines.Replace(html)); err != nil {
				return
			}
		}
		if flush.Flush() != nil {
			return
		}
		wait := boardRefresh
		if !view.next.IsZero() {
			wait = min(wait, max(0, view.next.Sub(s.clock()))+time.Millisecond)
		}
		t := time.NewTimer(wait)
		select {
		case <-changes:
		case <-t.C:
		case <-r.Context().Done():
			t.Stop()
			return
		}
		t.Stop()
	}
}

// eventLines continues an event's data on the next line; all three end a line in
// an event stream.
//
// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
var eventLines = strings.NewReplacer("\r\n", "\ndata: ", "\n", "\ndata: ", "\r", "\ndata: ")

func region(name string, view boardView) (string, error) {
	var b bytes.Buffer
	err := boardPage.ExecuteTemplate(&b, name, view)
	return b.String(), err
}

// boardDo carries out the button of a form and redirects to the page. A script
// needs the status only.
func (s *Server) boardDo(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if !sameOrigin(r) {
		http.Error(w, "requests from other web sites are refused", http.StatusForbidden)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	if err := s.play(r.PostForm.Get("do"), r.PostForm.Get("user"), r.PostForm.Get("client")); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// play carries out a button's value: verb, colon, argument.
func (s *Server) play(do, user, client string) error {
	verb, what, _ := strings.Cut(do, ":")
	availability, activity, _ := strings.Cut(what, "/")
	switch verb {
	case "client": // no availability: it ends
		return s.SetSession(SessionRequest{User: user, Name: client, Availability: availability, Activity: activity})
	case "choice": // no availability: reset
		return s.SetPreferred(user, availability, activity)
	case "clock":
		d, err := time.ParseDuration(what)
		if err != nil {
			return fmt.Errorf("%q is not a duration", what)
		}
		return s.advance(d)
	case "fault":
		return s.playFault(what)
	case "reset":
		s.reset()
		return nil
	}
	return fmt.Errorf("there is no button %q", do)
}

// playFault makes the next Graph request of any client fail.
func (s *Server) playFault(what string) error {
	f := Fault{Path: "/presence", Times: 1}
	switch what {
	case "429":
		f.Status, f.RetryAfter = http.StatusTooManyRequests, 10
	case "503":
		f.Status, f.RetryAfter = http.StatusServiceUnavailable, 10
	case "drop":
		f.Drop = true
	case "lose":
		f.Lose = true
	case "none":
		s.ClearFaults()
		return nil
	default:
		return fmt.Errorf("there is no fault %q", what)
	}
	return s.AddFault(f)
}
