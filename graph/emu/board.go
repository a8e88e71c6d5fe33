package emu

import (
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"time"
)

//go:embed board
var boardFiles embed.FS

var boardPage = template.Must(template.New("board.html").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.Local().Format("15:04:05") },
	"span":  func(from, to time.Time) string { return to.Sub(from).Round(time.Second).String() },
	"last": func(n int, r []Request) []Request {
		out := make([]Request, 0, n)
		for i := len(r) - 1; i >= 0 && len(out) < n; i-- {
			out = append(out, r[i])
		}
		return out
	},
}).ParseFS(boardFiles, "board/board.html"))

// boardData is what the page shows, in HTML and as an event alike.
type boardData struct {
	State    State     `json:"state"`
	Requests []Request `json:"requests"`
}

// boardRequests is how many requests the page shows.
const boardRequests = 40

func (s *Server) boardData() boardData {
	r := s.Requests()
	return boardData{State: s.State(), Requests: r[max(0, len(r)-boardRequests):]}
}

// board is the live page: what a colleague would see, and why.
func (s *Server) board(w http.ResponseWriter, r *http.Request, name string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	switch name {
	case "":
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		if err := boardPage.Execute(w, s.boardData()); err != nil {
			s.opts.Log.Debug("board not delivered", "error", err)
		}
	case "board.js", "board.css":
		http.ServeFileFS(w, r, boardFiles, "board/"+name)
	case "events":
		s.events(w, r)
	default:
		http.NotFound(w, r)
	}
}

// events sends the board's data with every change, and when time alone changes
// something; nothing otherwise.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	changes, cancel := s.Subscribe()
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	flush := http.NewResponseController(w)
	for {
		data := s.boardData()
		b, err := json.Marshal(data)
		if err != nil {
			return
		}
		if _, err := w.Write(append(append([]byte("data: "), b...), "\n\n"...)); err != nil {
			return
		}
		if flush.Flush() != nil {
			return
		}
		wait := time.Duration(1<<63 - 1)
		if !data.State.Next.IsZero() {
			wait = data.State.Next.Sub(s.Now()) + time.Millisecond
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
