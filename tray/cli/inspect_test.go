package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"heliograph/tray/control"
)

func TestWhyForPeople(t *testing.T) {
	now := time.Date(2026, 3, 25, 14, 30, 0, 0, time.Local)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, time.Local) }
	zoom, since, trouble := "Zoom", at(25, 14, 2), "Microsoft asks heliograph to wait."
	why := control.Why{
		Status: control.State{Text: "Busy, in a call", Reason: &control.Reason{Rule: "call", Text: "Zoom is in a call since 14:02", App: &zoom}, Since: &since,
			Shown: &control.Shown{Pair: control.Pair{Availability: "Busy", Activity: "InACall"}, At: at(25, 14, 3)}, Error: &trouble},
		Signal: &control.Part{Name: "calls", Backend: "pulseaudio", Value: "1 recordings"},
		Today: []control.Moment{
			{At: at(24, 18, 0), Text: "Offline", Reason: "heliograph was not running"},
			{At: at(25, 8, 55), Text: "Available", Reason: "you are at the desk"},
			{At: since, Text: "Busy, in a call", Reason: "Zoom is in a call"},
		},
	}
	want := `Busy, in a call: Zoom is in a call since 14:02
  rule     call
  signal   calls (pulseaudio): 1 recordings
  app      Zoom
  since    14:02:00
  until    something changes
  shown    Busy/InACall at 14:03:00
  error    Microsoft asks heliograph to wait.

Today
  00:00–08:55  Offline: heliograph was not running
  08:55–14:02  Available: you are at the desk
  14:02–now    Busy, in a call: Zoom is in a call
`
	if got := explain(why, now); got != want {
		t.Errorf("it says\n%s\nnot\n%s", got, want)
	}
}

func TestDoctorForPeople(t *testing.T) {
	var out bytes.Buffer
	d := &Doctor{App: &App{Out: &out}}
	err := d.print(control.Report{Parts: []control.Part{
		{Name: "idle", Level: control.LevelOK, Backend: "x11-sync", Value: "in use"},
		{Name: "lock", Level: control.LevelWarning, Problem: "there is no session bus", Fix: "log in to a desktop"},
		{Name: "mqtt", Level: control.LevelProblem, Backend: "broker", Problem: "refused", Since: time.Date(2026, 3, 25, 14, 2, 0, 0, time.Local)},
	}})
	want := `heliograph is not running: probed from here.
ok       Activity     x11-sync  in use
warning  Screen lock  -         there is no session bus
                      fix:      log in to a desktop
problem  MQTT         broker    refused (since 2026-03-25 14:02:00)
`
	if err != nil || out.String() != want {
		t.Errorf("%v: it says\n%s\nnot\n%s", err, out.String(), want)
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("colours without a terminal")
	}
}

func TestUnknownProgram(t *testing.T) {
	for _, c := range []struct {
		near []string
		want string
	}{
		{nil, "heliograph: no program named zooom records now or is known. Check its name with heliograph calls while it records."},
		{[]string{"zoom", "zoiper"}, "heliograph: no program named zooom records now or is known. Check its name with heliograph calls while it records" +
			" (did you mean zoom or zoiper? Then also run heliograph calls forget zooom)."},
	} {
		if got := unknownProgram("zooom", c.near); got != c.want {
			t.Errorf("near %q: %s", c.near, got)
		}
	}
}
