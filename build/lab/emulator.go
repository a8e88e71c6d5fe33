package lab

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"heliograph/build/wait"
	"heliograph/graph/emu"
)

// Emulator is `heliograph emulate` as a process of its own, on a port that the
// system chooses.
type Emulator struct {
	URL     string // without a slash at its end
	Process *Process

	t testing.TB
}

// StartEmulator runs an emulator until the test ends. The program is a build
// for this system.
func StartEmulator(t testing.TB, program string) *Emulator {
	t.Helper()
	p := Start(t, nil, program, "emulate", "--listen", "127.0.0.1:0", "--json")
	var urls struct{ URL string }
	wait.Until(t, "the emulator prints its address", func() bool {
		line, _, ok := strings.Cut(p.Output(), "\n")
		return ok && json.Unmarshal([]byte(line), &urls) == nil && urls.URL != ""
	})
	return &Emulator{urls.URL, p, t}
}

// Post sends a control request; see graph/emu/README.md.
func (e *Emulator) Post(path, body string) {
	e.t.Helper()
	resp, err := http.Post(e.URL+"/_emulator/"+path, "application/json", strings.NewReader(body))
	e.read(resp, err, &json.RawMessage{})
}

// Self returns the emulated person who signs in.
func (e *Emulator) Self() emu.UserState {
	e.t.Helper()
	var s emu.State
	e.get("state", &s)
	return s.Users[0]
}

// Shows reports whether colleagues see an availability and activity, written as
// in Busy/InACall.
func (e *Emulator) Shows(pair string) bool {
	e.t.Helper()
	return e.Shown() == pair
}

// Shown returns what colleagues see, as in Busy/InACall.
func (e *Emulator) Shown() string {
	e.t.Helper()
	u := e.Self()
	return u.Shown.Availability + "/" + u.Shown.Activity
}

// Requests returns the latest requests of all clients, oldest first.
func (e *Emulator) Requests() (all []emu.Request) {
	e.t.Helper()
	e.get("requests", &all)
	return all
}

func (e *Emulator) get(path string, out any) {
	e.t.Helper()
	resp, err := http.Get(e.URL + "/_emulator/" + path)
	e.read(resp, err, out)
}

func (e *Emulator) read(resp *http.Response, err error, out any) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, raw)
	}
	if err == nil {
		err = json.Unmarshal(raw, out)
	}
	if err != nil {
		e.t.Fatal(err)
	}
}
