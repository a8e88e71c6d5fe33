package call

import (
	"strconv"
	"strings"
)

// Listing is what a sound server says about its streams, as far as the rule
// needs it. Recorded listings are the corpus in testdata.
type Listing struct {
	Captures  []Listed `json:"captures,omitempty"`
	Playbacks []Listed `json:"playbacks,omitempty"`
}

// Listed is one stream with the properties of its own and of its client.
type Listed struct {
	Index    uint32            `json:"index"`
	Corked   bool              `json:"corked,omitempty"`
	Rate     uint32            `json:"rate,omitempty"`     // samples a second; 0: unknown
	Resample string            `json:"resample,omitempty"` // how the rate is converted
	Source   string            `json:"source,omitempty"`   // the microphone's name
	Monitor  bool              `json:"monitor,omitempty"`  // the source delivers what is played
	Props    map[string]string `json:"props,omitempty"`
	Client   map[string]string `json:"client,omitempty"`
}

// propertiesRead are the properties that Sounds reads. No other is kept, since
// media.name may be the title of a web page.
//
// Source: https://www.freedesktop.org/wiki/Software/PulseAudio/Documentation/Developer/Clients/ApplicationProperties
var propertiesRead = []string{"application.name", "application.id", "application.process.id", "application.process.binary",
	"pipewire.access.portal.app_id", "pipewire.sec.pid", "stream.capture.sink", "resample.peaks", "media.role", "media.class", "node.passive"}

// meterTitle is the title of a level meter's stream; it is kept as such.
const meterTitle = "Peak detect"

// PropertyKeys returns the properties to ask a sound server for: those that are
// kept, and the title, by which a level meter is known.
func PropertyKeys() []string { return append([]string{"media.name"}, propertiesRead...) }

// KeepProperties returns the properties that Sounds reads: no title but that of
// a level meter.
func KeepProperties(p map[string]string) map[string]string {
	out := map[string]string{}
	for _, key := range propertiesRead {
		if v, ok := p[key]; ok {
			out[key] = v
		}
	}
	if strings.EqualFold(p["media.name"], meterTitle) {
		out["media.name"] = meterTitle
	}
	return out
}

// meterRate is the highest rate of a level meter, in samples a second: mixers
// draw their meters from a stream of some 25, and speech needs thousands.
const meterRate = 50

// Family returns the names of a process that is said to run a binary (empty:
// not said) and of its parents, as in Sound.Names; none if it does not run
// that.
type Family func(pid int, binary string) []string

// Sounds decodes the listing. self is the id of our own process.
func (l Listing) Sounds(self int, family Family) (captures, playbacks []Sound) {
	for _, s := range l.Captures {
		captures = append(captures, s.sound(self, family))
	}
	for _, s := range l.Playbacks {
		playbacks = append(playbacks, s.sound(self, family))
	}
	return captures, playbacks
}

// property returns one of the stream's own, else of its client's.
func (l Listed) property(key string) string {
	if v := l.Props[key]; v != "" {
		return v
	}
	return l.Client[key]
}

func (l Listed) sound(self int, family Family) Sound {
	s := Sound{Index: l.Index, Corked: l.Corked, Source: l.Source, Label: l.property("application.name")}
	for _, key := range []string{"application.process.id", "pipewire.sec.pid"} {
		if n, err := strconv.Atoi(l.property(key)); err == nil && n > 0 && s.PID == 0 {
			s.PID = n
		}
	}
	s.Names = l.names(s.PID, family)
	if inner, ok := strings.CutPrefix(s.Label, "ALSA plug-in ["); ok {
		s.Label = strings.TrimSuffix(inner, "]")
		s.Names = append(s.Names, s.Label)
	}
	s.Own = s.PID == self
	s.Monitor = l.Monitor || l.property("stream.capture.sink") == "true"
	s.Meter = l.property("resample.peaks") == "true" || l.property("media.name") == meterTitle ||
		l.Resample == "peaks" || (l.Rate > 0 && l.Rate <= meterRate)
	s.Plumbing = l.plumbing() || (s.PID == 0 && s.Label == "" && len(s.Names) == 0)
	return s
}

// plumbing reports a stream of the sound system itself, or of a service that
// makes the sounds of the desktop.
func (l Listed) plumbing() bool {
	switch strings.ToLower(l.property("media.role")) {
	case "notification", "event", "test", "a11y":
		return true
	}
	return l.property("node.passive") == "true" || l.property("media.class") == "Stream/Input/Audio/Internal"
}

// names lists the program's names, the most trustworthy first: the sound server
// vouches for a sandbox's id, the kernel for a process, the program itself for
// the rest.
func (l Listed) names(pid int, family Family) []string {
	sandbox, binary, id := l.property("pipewire.access.portal.app_id"), l.property("application.process.binary"), l.property("application.id")
	if sandbox != "" {
		return nonEmpty(sandbox, binary, id) // the pid counts inside the sandbox only
	}
	return append(family(pid, binary), nonEmpty(binary, id)...)
}

func nonEmpty(values ...string) []string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}
