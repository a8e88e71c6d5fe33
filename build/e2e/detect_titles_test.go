//go:build unix

package e2e

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"heliograph/build/lab"
	"heliograph/build/wait"
	"heliograph/detect"
)

// A recording may carry any title: Firefox puts that of the web page there.
// One of 2,011 bytes, with the zero at its end, once ended heliograph.
func TestRecordingsWithLongTitles(t *testing.T) {
	p, app := running(t, "1h")
	sizes := []string{"2010", "2011", "60000"}
	for _, size := range sizes {
		// A shell makes the title, so that a failure does not print it.
		lab.Start(t, nil, "sh", "-c", `exec parecord "--property=media.name=$(head -c `+size+` /dev/zero | tr '\0' t)" /dev/null`)
	}
	wait.Until(t, "all of them record", func() bool {
		out, err := exec.Command("pactl", "list", "source-outputs").Output()
		return err == nil && strings.Count(string(out), `media.name = "ttt`) == len(sizes)
	})
	rec := record(t, "zoom")
	wait.Until(t, "a recording by zoom beside them is a call", func() bool { return p.Emu.Shows("Busy/InACall") })
	rec.Signal(syscall.SIGTERM)
	wait.Until(t, "the call ends", func() bool { return p.Emu.Shows("Available/Available") })
	if app.Ended() {
		t.Error("heliograph has ended")
	}
	if strings.Contains(logOf(p), "detector lost") {
		t.Errorf("the sound server was lost:\n%s", logOf(p))
	}
	if strings.Contains(logOf(p)+app.Output(), "ttt") {
		t.Error("a title is in the log")
	}
}

// What the detector reports of a recording contains no title.
func TestTitlesOfRecordingsAreLeftOut(t *testing.T) {
	w := watching(t, detect.Options{})
	lab.Start(t, nil, "parecord", "--property=media.name=A quiet title", "/dev/null")
	wait.Until(t, "it records", func() bool { return len(w.Streams()) == 1 })
	if s := w.Streams()[0]; strings.Contains(s.Name+s.App+s.Source+s.Because, "quiet") {
		t.Errorf("%+v", s)
	}
}
