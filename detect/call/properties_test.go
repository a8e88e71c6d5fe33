package call

import (
	"slices"
	"testing"
)

func text(kv ...string) map[string]string {
	p := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		p[kv[i]] = kv[i+1]
	}
	return p
}

// known returns a family of one process.
func known(pid int, names ...string) Family {
	return func(p int, binary string) []string {
		if p == pid {
			return slices.Clone(names)
		}
		return nil
	}
}

func TestStreamDecoding(t *testing.T) {
	const self = 4711
	for _, c := range []struct {
		name     string
		raw      Listed
		own, cli map[string]string
		family   Family
		want     Sound
	}{
		{"chromium", Listed{Rate: 48000}, text("application.name", "Chromium input", "application.process.id", "7", "application.process.binary", "chromium", "media.name", "RecordStream"), nil,
			known(7, "chromium"), Sound{Label: "Chromium input", PID: 7, Names: []string{"chromium", "chromium"}}},
		{"native-pipewire", Listed{Rate: 48000}, text("media.name", "pw-record"), text("application.name", "pw-record", "pipewire.sec.pid", "9"),
			known(9, "pw-cat"), Sound{Label: "pw-record", PID: 9, Names: []string{"pw-cat"}}},
		{"alsa", Listed{Rate: 44100}, text("application.name", "ALSA plug-in [audacity]", "application.process.id", "7"), nil,
			known(0), Sound{Label: "audacity", PID: 7, Names: []string{"audacity"}}},
		{"alsa-unclosed", Listed{Rate: 44100}, text("application.name", "ALSA plug-in [a]b"), nil,
			known(0), Sound{Label: "a]b", Names: []string{"a]b"}}},
		{"flatpak-portal", Listed{Rate: 48000}, text("application.process.id", "2", "application.process.binary", "zoom"), text("pipewire.access.portal.app_id", "us.zoom.Zoom"),
			known(2, "kthreadd"), Sound{PID: 2, Names: []string{"us.zoom.Zoom", "zoom"}}},
		{"meter-25Hz", Listed{Rate: 25}, text("application.id", "org.PulseAudio.pavucontrol"), nil,
			known(0), Sound{Names: []string{"org.PulseAudio.pavucontrol"}, Meter: true}},
		{"meter-peaks", Listed{Rate: 48000, Resample: "peaks"}, text("application.name", "x"), nil,
			known(0), Sound{Label: "x", Meter: true}},
		{"meter-by-property", Listed{Rate: 48000}, text("application.name", "x", "resample.peaks", "true"), nil,
			known(0), Sound{Label: "x", Meter: true}},
		{"meter-by-name", Listed{Rate: 48000}, text("application.name", "x", "media.name", "peak detect"), nil,
			known(0), Sound{Label: "x", Meter: true}},
		{"rate-unknown-is-no-meter", Listed{}, text("application.name", "x"), nil, known(0), Sound{Label: "x"}},
		{"monitor", Listed{Rate: 48000, Monitor: true}, text("application.name", "x"), nil, known(0), Sound{Label: "x", Monitor: true}},
		{"sink-capture", Listed{Rate: 48000}, text("application.name", "x", "stream.capture.sink", "true"), nil, known(0), Sound{Label: "x", Monitor: true}},
		{"role", Listed{Rate: 48000}, text("application.name", "x", "media.role", "Notification"), nil, known(0), Sound{Label: "x", Plumbing: true}},
		{"role-phone", Listed{Rate: 48000}, text("application.name", "x", "media.role", "phone"), nil, known(0), Sound{Label: "x"}},
		{"passive", Listed{Rate: 48000}, text("application.name", "rnnoise", "node.passive", "true"), nil, known(0), Sound{Label: "rnnoise", Plumbing: true}},
		{"nobody", Listed{Rate: 48000}, nil, nil, known(0), Sound{Plumbing: true}},
		{"ours", Listed{Rate: 48000}, text("application.process.id", "4711"), nil, known(0), Sound{Own: true, PID: self}},
		{"pid-negative", Listed{Rate: 48000}, text("application.process.id", "-3"), nil, known(0), Sound{Plumbing: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.raw.Props, c.raw.Client = KeepProperties(c.own), KeepProperties(c.cli)
			got, _ := Listing{Captures: []Listed{c.raw}}.Sounds(self, c.family)
			g := got[0]
			if !slices.Equal(g.Names, c.want.Names) {
				t.Errorf("names %q, want %q", g.Names, c.want.Names)
			}
			g.Names, c.want.Names = nil, nil
			if g.Label != c.want.Label || g.PID != c.want.PID || g.Monitor != c.want.Monitor || g.Meter != c.want.Meter || g.Own != c.want.Own || g.Plumbing != c.want.Plumbing {
				t.Errorf("got %+v, want %+v", g, c.want)
			}
		})
	}
}

// A title never goes further than the decoder.
func TestTitlesAreNotKept(t *testing.T) {
	got := KeepProperties(text("media.name", "Salary talk - Mozilla Firefox", "window.name", "secret", "application.name", "Firefox", "media.title", "x"))
	if len(got) != 1 || got["application.name"] != "Firefox" {
		t.Errorf("kept %v", got)
	}
}
