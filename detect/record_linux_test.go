package detect

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"heliograph/detect/call/corpus"
	"heliograph/detect/kernel"
	"heliograph/detect/latest"
)

var (
	recordName    = flag.String("record", "", "record what runs on this desktop into call/testdata/corpus/NAME.jsonl")
	recordVerdict = flag.String("verdict", "none", "what a person says about it: call or none")
	recordApp     = flag.String("app", "", "the call's program, by its id in the app table")
	recordAbout   = flag.String("about", "", "program, version, what it does")
	recordFor     = flag.Duration("for", time.Minute, "how long")
)

// BenchmarkRecord is the recorder of the corpus, which no test run starts; see
// README.md.
func BenchmarkRecord(t *testing.B) {
	if *recordName == "" {
		t.Skip("records only with -record NAME")
	}
	file, err := os.Create(filepath.Join("call/testdata/corpus", *recordName+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	changed := make(chan struct{}, 1)
	var sources []source
	for _, c := range []candidate{{name: "pulse", open: openPulse}, {name: "inhibit", open: openInhibitors}, {name: "cameras", open: openCameras}} {
		src, err := c.open(t.Context(), env{settle: time.Minute, changed: func() { latest.Notify(changed) }})
		if err != nil {
			t.Fatal(err)
		}
		defer src.close()
		sources = append(sources, src)
	}
	out := json.NewEncoder(file)
	head := corpus.Head{About: *recordAbout, Verdict: *recordVerdict, App: *recordApp, Sound: "pipewire-pulse", Recorded: time.Now().UTC().Truncate(time.Minute)}
	if err := out.Encode(head); err != nil {
		t.Fatal(err)
	}
	began, last := time.Now(), corpus.Line{At: "-"}
	for end := time.After(*recordFor); ; {
		line := recordedLine(t, sources)
		if line.At = last.At; !reflect.DeepEqual(line, last) {
			last = line
			line.At = time.Since(began).Round(time.Millisecond).String()
			if err := out.Encode(line); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case <-changed:
		case <-end:
			return
		}
	}
}

// recordedLine returns what the sources know now; the first of them is the
// sound server.
func recordedLine(t testing.TB, sources []source) corpus.Line {
	var all []facts
	for _, s := range sources {
		r, err := s.sample()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.facts())
	}
	p := sources[0].(*soundServer)
	p.mu.Lock()
	l := corpus.Line{Listing: p.listing}
	p.mu.Unlock()
	l.SetEvidence(fold(all).evidence, kernel.HostProc.FamilyOf)
	return l
}
