//go:build unix

package e2e

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"heliograph/detect"
)

// A recording may carry any title: Firefox puts that of the web page there.
// One of 2,011 bytes, with the zero at its end, once ended heliograph.
func TestRecordingsWithLongTitles(t *testing.T) {
	p, app := running(t, "1h")
	sizes := []string{"2010", "2011", "60000"}
	for _, size := range sizes {
		// A shell makes the title, so that a failure does not print it.
		start(t, nil, "sh", "-c", `exec parecord "--property=media.name=$(head -c `+size+` /dev/zero | tr '\0' t)" /dev/null`)
	}
	eventually(t, "all of them record", func() bool {
		out, err := exec.Command("pactl", "list", "source-outputs").Output()
		return err == nil && strings.Count(string(out), `media.name = "ttt`) == len(sizes)
	})
	rec := record(t, "zoom")
	eventually(t, "a recording by zoom is a call beside them", func() bool { return p.emu.shows("Busy/InACall") })
	rec.signal(syscall.SIGTERM)
	eventually(t, "the call ends", func() bool { return p.emu.shows("Available/Available") })
	select {
	case <-app.done:
		t.Error("heliograph has ended")
	default:
	}
	if strings.Contains(p.log(), "detector lost") {
		t.Errorf("the sound server was lost:\n%s", p.log())
	}
	if strings.Contains(p.log()+app.output(), "ttt") {
		t.Error("a title is in the log")
	}
}

// The titles of recordings reach nobody who asks the detector.
func TestTitlesOfRecordingsAreNotTold(t *testing.T) {
	w := watching(t, detect.Options{})
	start(t, nil, "parecord", "--property=media.name=A quiet title", "/dev/null")
	eventually(t, "it records", func() bool { return len(w.Streams()) == 1 })
	if s := w.Streams()[0]; strings.Contains(s.Name+s.App+s.Source+s.Because, "quiet") {
		t.Errorf("%+v", s)
	}
}
