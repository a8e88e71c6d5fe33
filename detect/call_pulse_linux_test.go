package detect

import (
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/jfreymuth/pulse/proto"
)

func text(kv ...string) proto.PropList {
	p := proto.PropList{}
	for i := 0; i < len(kv); i += 2 {
		p[kv[i]] = proto.PropListString(kv[i+1])
	}
	return p
}

// known is a family of one process.
func known(pid int, names ...string) families {
	return func(p int, binary string) []string {
		if p == pid {
			return slices.Clone(names)
		}
		return nil
	}
}

func TestStreamDecoding(t *testing.T) {
	own := strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		name     string
		raw      pulseStream
		own, cli proto.PropList
		family   families
		want     stream
	}{
		{"chromium", pulseStream{Rate: 48000}, text("application.name", "Chromium input", "application.process.id", "7", "application.process.binary", "chromium", "media.name", "RecordStream"), nil,
			known(7, "chromium"), stream{label: "Chromium input", pid: 7, names: []string{"chromium", "chromium"}}},
		{"native-pipewire", pulseStream{Rate: 48000}, text("media.name", "pw-record"), text("application.name", "pw-record", "pipewire.sec.pid", "9"),
			known(9, "pw-cat"), stream{label: "pw-record", pid: 9, names: []string{"pw-cat"}}},
		{"alsa", pulseStream{Rate: 44100}, text("application.name", "ALSA plug-in [audacity]", "application.process.id", "7"), nil,
			known(0), stream{label: "ALSA plug-in [audacity]", pid: 7, names: []string{"audacity"}}},
		{"alsa-unclosed", pulseStream{Rate: 44100}, text("application.name", "ALSA plug-in [a]b"), nil,
			known(0), stream{label: "ALSA plug-in [a]b", names: []string{"a]b"}}},
		{"flatpak-portal", pulseStream{Rate: 48000}, text("application.process.id", "2", "application.process.binary", "zoom"), text("pipewire.access.portal.app_id", "us.zoom.Zoom"),
			known(2, "kthreadd"), stream{pid: 2, names: []string{"us.zoom.Zoom", "zoom"}}},
		{"meter-25Hz", pulseStream{Rate: 25}, text("application.id", "org.PulseAudio.pavucontrol"), nil,
			known(0), stream{names: []string{"org.PulseAudio.pavucontrol"}, meter: true}},
		{"meter-peaks", pulseStream{Rate: 48000, Resample: "peaks"}, text("application.name", "x"), nil,
			known(0), stream{label: "x", meter: true}},
		{"meter-by-property", pulseStream{Rate: 48000}, text("application.name", "x", "resample.peaks", "true"), nil,
			known(0), stream{label: "x", meter: true}},
		{"meter-by-name", pulseStream{Rate: 48000}, text("application.name", "x", "media.name", "peak detect"), nil,
			known(0), stream{label: "x", meter: true}},
		{"rate-unknown-is-no-meter", pulseStream{}, text("application.name", "x"), nil, known(0), stream{label: "x"}},
		{"monitor", pulseStream{Rate: 48000, Monitor: true}, text("application.name", "x"), nil, known(0), stream{label: "x", monitor: true}},
		{"sink-capture", pulseStream{Rate: 48000}, text("application.name", "x", "stream.capture.sink", "true"), nil, known(0), stream{label: "x", monitor: true}},
		{"role", pulseStream{Rate: 48000}, text("application.name", "x", "media.role", "Notification"), nil, known(0), stream{label: "x", plumbing: true}},
		{"role-phone", pulseStream{Rate: 48000}, text("application.name", "x", "media.role", "phone"), nil, known(0), stream{label: "x"}},
		{"passive", pulseStream{Rate: 48000}, text("application.name", "rnnoise", "node.passive", "true"), nil, known(0), stream{label: "rnnoise", plumbing: true}},
		{"nobody", pulseStream{Rate: 48000}, nil, nil, known(0), stream{plumbing: true}},
		{"ours", pulseStream{Rate: 48000}, text("application.process.id", own), nil, known(0), stream{own: true, pid: os.Getpid()}},
		{"no-text", pulseStream{Rate: 48000}, proto.PropList{"application.name": []byte("cut"), "application.id": nil, "application.process.id": proto.PropListString("-3")}, nil,
			known(0), stream{plumbing: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.raw.Props, c.raw.Client = readProps(c.own), readProps(c.cli)
			got, _ := pulseAnswer{Captures: []pulseStream{c.raw}}.decode(c.family)
			g := got[0]
			if !slices.Equal(g.names, c.want.names) {
				t.Errorf("names %q, want %q", g.names, c.want.names)
			}
			g.names, c.want.names = nil, nil
			if g.label != c.want.label || g.pid != c.want.pid || g.monitor != c.want.monitor || g.meter != c.want.meter || g.own != c.want.own || g.plumbing != c.want.plumbing {
				t.Errorf("got %+v, want %+v", g, c.want)
			}
		})
	}
}

// A title never goes further than the decoder.
func TestTitlesAreNotKept(t *testing.T) {
	got := readProps(text("media.name", "Salary talk - Mozilla Firefox", "window.name", "secret", "application.name", "Firefox", "media.title", "x"))
	if len(got) != 1 || got["application.name"] != "Firefox" {
		t.Errorf("kept %v", got)
	}
}

func TestPulseSocket(t *testing.T) {
	for _, c := range []struct{ server, path, run, want string }{
		{"", "", "/run/user/1", "/run/user/1/pulse/native"},
		{"", "/x", "/run/user/1", "/x/native"},
		{"unix:/s", "", "", "/s"},
		{"{machine}unix:/s", "", "", "/s"},
		{"/s", "", "", "/s"},
		{"tcp:elsewhere:4713 unix:/s", "", "", "/s"},
		{"tcp:elsewhere:4713", "", "/r", "/r/pulse/native"},
		{"", "", "", ""},
	} {
		t.Setenv("PULSE_SERVER", c.server)
		t.Setenv("PULSE_RUNTIME_PATH", c.path)
		t.Setenv("XDG_RUNTIME_DIR", c.run)
		got, err := pulseSocket()
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%+v: got %q, %v", c, got, err)
		}
	}
}
