package detect

import (
	"os"
	"strconv"
	"strings"
)

// pulseAnswer is what the sound server says of its streams, as far as the
// decoder reads it. Recorded ones are the corpus in testdata.
type pulseAnswer struct {
	Captures  []pulseStream `json:"captures,omitempty"`
	Playbacks []pulseStream `json:"playbacks,omitempty"`
}

// pulseStream is one stream with the properties of its own and its client's.
type pulseStream struct {
	Index    uint32            `json:"index"`
	Corked   bool              `json:"corked,omitempty"`
	Rate     uint32            `json:"rate,omitempty"`
	Resample string            `json:"resample,omitempty"`
	Source   string            `json:"source,omitempty"`
	Monitor  bool              `json:"monitor,omitempty"`
	Props    map[string]string `json:"props,omitempty"`
	Client   map[string]string `json:"client,omitempty"`
}

// propsRead are the properties that the decoder reads; no other is kept, since
// media.name may be the title of a web page.
//
// Source: https://www.freedesktop.org/wiki/Software/PulseAudio/Documentation/Developer/Clients/ApplicationProperties
var propsRead = []string{"application.name", "application.id", "application.process.id", "application.process.binary",
	"pipewire.access.portal.app_id", "pipewire.sec.pid", "stream.capture.sink", "resample.peaks", "media.role", "media.class", "node.passive"}

// meterName is the title of a level meter's stream; it is kept as such.
const meterName = "Peak detect"

// pulseKeys are the properties that the sound server is asked for: those that
// are read, and the title, to know a level meter by.
var pulseKeys = append([]string{"media.name"}, propsRead...)

// readProps keeps what the decoder reads, so no title but a level meter's.
func readProps(p map[string]string) map[string]string {
	out := map[string]string{}
	for _, key := range propsRead {
		if v, ok := p[key]; ok {
			out[key] = v
		}
	}
	if strings.EqualFold(p["media.name"], meterName) {
		out["media.name"] = meterName
	}
	return out
}

// meterRate: mixers draw their meters from a stream of some 25 samples a
// second; speech needs thousands.
const meterRate = 50

// families names the family of a process that is said to run a binary (empty:
// not said); none where that is not so.
type families func(pid int, binary string) []string

// decode turns the answer into streams.
func (a pulseAnswer) decode(of families) (captures, playbacks []stream) {
	for _, r := range a.Captures {
		s := r.decode(of)
		s.meter = s.meter || r.Resample == "peaks" || (r.Rate > 0 && r.Rate <= meterRate)
		captures = append(captures, s)
	}
	for _, r := range a.Playbacks {
		playbacks = append(playbacks, r.decode(of))
	}
	return captures, playbacks
}

// decode reads the stream's properties, then its client's.
func (r pulseStream) decode(of families) stream {
	get := func(key string) string {
		if v := r.Props[key]; v != "" {
			return v
		}
		return r.Client[key]
	}
	s := stream{index: r.Index, corked: r.Corked, source: r.Source, label: get("application.name")}
	for _, key := range []string{"application.process.id", "pipewire.sec.pid"} {
		if n, err := strconv.Atoi(get(key)); err == nil && n > 0 && s.pid == 0 {
			s.pid = n
		}
	}
	s.names = identify(of, get, s.pid)
	if inner, ok := strings.CutPrefix(s.label, "ALSA plug-in ["); ok {
		s.names = append(s.names, strings.TrimSuffix(inner, "]"))
	}
	s.own = s.pid == os.Getpid()
	s.monitor = r.Monitor || get("stream.capture.sink") == "true"
	s.meter = get("resample.peaks") == "true" || get("media.name") == meterName
	switch strings.ToLower(get("media.role")) {
	case "notification", "event", "test", "a11y":
		s.plumbing = true
	}
	s.plumbing = s.plumbing || get("node.passive") == "true" || get("media.class") == "Stream/Input/Audio/Internal" || (s.pid == 0 && s.label == "" && len(s.names) == 0)
	return s
}

// identify lists the program's names, the most trustworthy first: the sound
// server vouches for a sandbox's id, the kernel for a process, the program
// itself for the rest.
func identify(of families, get func(string) string, pid int) []string {
	portal, binary, id := get("pipewire.access.portal.app_id"), get("application.process.binary"), get("application.id")
	if portal != "" {
		return nonEmpty(portal, binary, id) // the pid counts inside the sandbox only
	}
	return append(of(pid, binary), nonEmpty(binary, id)...)
}
