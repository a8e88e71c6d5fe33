package detect

import (
	"slices"
	"testing"

	"heliograph/detect/call"
)

func TestMacNames(t *testing.T) {
	for name, c := range map[string]struct {
		bundle, file string
		want         []string
		app          string
	}{
		"zoom": {"us.zoom.xos", "/Applications/zoom.us.app/Contents/MacOS/zoom.us",
			[]string{"us.zoom.xos", "zoom.us", "zoom.us"}, "zoom"},
		"a_helper_of_chrome": {"com.google.Chrome.helper", "/Applications/Google Chrome.app/Contents/Frameworks/Google Chrome Framework.framework/Versions/1/Helpers/Google Chrome Helper.app/Contents/MacOS/Google Chrome Helper",
			[]string{"com.google.Chrome.helper", "com.google.Chrome", "Google Chrome", "com.google.Chrome", "Google Chrome Helper"}, "chrome"},
		"a_helper_of_slack": {"com.tinyspeck.slackmacgap.helper", "/Applications/Slack.app/Contents/Frameworks/Slack Helper.app/Contents/MacOS/Slack Helper",
			[]string{"com.tinyspeck.slackmacgap.helper", "com.tinyspeck.slackmacgap", "Slack", "Slack Helper"}, "slack"},
		"facetime_in_its_daemon": {"com.apple.avconferenced", "/usr/libexec/avconferenced",
			[]string{"com.apple.avconferenced", "avconferenced"}, "facetime"},
		"without_a_bundle": {"", "/usr/local/bin/baresip", []string{"baresip"}, "baresip"},
		"nothing":          {"", "", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := macNames(c.bundle, c.file)
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if a, _ := call.Find(got); a.ID != c.app {
				t.Errorf("the table calls it %q, want %q", a.ID, c.app)
			}
		})
	}
}

func TestMacPower(t *testing.T) {
	var s seatState
	for i, c := range []struct {
		msg                           uint32
		changed, answer, hold, asleep bool
	}{
		{macCanSleep, false, true, false, false},
		{macWillSleep, true, true, true, true},
		{macWillSleep, false, true, false, true}, // asked twice: answered, not held twice
		{0xE0000320, false, false, false, true},  // power comes, but nothing runs yet
		{macPoweredOn, true, false, false, false},
		{macPoweredOn, false, false, false, false},
	} {
		changed, answer, hold := s.macPower(c.msg)
		if changed != c.changed || answer != c.answer || (hold > 0) != c.hold || s.asleep != c.asleep {
			t.Errorf("message %d: changed %v, answer %v, hold %v, %+v", i+1, changed, answer, hold, s)
		}
	}
}

func TestAudioStreams(t *testing.T) {
	captures, playbacks := audioStreams([]audioProcess{
		{id: 80, pid: 10, bundle: "us.zoom.xos", in: true, out: true},
		{id: 81, pid: 11, bundle: "com.apple.Music", out: true},
		{id: 82, pid: 12, bundle: "org.heliograph.heliograph", in: true},
		{id: 83, pid: 13},
		{id: 84, pid: 14, in: true},
	}, 12)
	if len(captures) != 3 || captures[0].PID != 10 || !captures[1].Own || !captures[2].Plumbing || captures[0].Plumbing || captures[0].Own {
		t.Errorf("captures %+v", captures)
	}
	if len(playbacks) != 2 || playbacks[1].Names[0] != "com.apple.Music" {
		t.Errorf("playbacks %+v", playbacks)
	}
}

func TestCoreAudioBytes(t *testing.T) {
	// The values that the headers give for these selectors.
	for text, want := range map[string]uint32{"piri": 0x70697269, "prs#": 0x70727323, "gone": 0x676f6e65, "glob": 0x676c6f62, "too long": 0} {
		if got := fourCC(text); got != want {
			t.Errorf("%s is %#x, want %#x", text, got, want)
		}
	}
	if got := objectIDs([]byte{1, 0, 0, 0, 0x52, 1, 0, 0, 9}); !slices.Equal(got, []uint32{1, 0x152}) {
		t.Errorf("%v", got)
	}
}

func TestAssertions(t *testing.T) {
	chrome := assertion{pid: 7, kind: "PreventUserIdleSystemSleep", name: "WebRTC has active PeerConnections"}
	path := func(pid int) string {
		return map[int]string{7: "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"}[pid]
	}
	got, awake := wishes([]assertion{chrome}, path)
	if awake || len(got) != 1 || !got[0].WebRTC() || got[0].Names[0] != "Google Chrome" || got[0].Names[1] != "com.google.Chrome" {
		t.Errorf("%+v, awake %v", got, awake)
	}
	video := assertion{pid: 8, kind: "PreventUserIdleDisplaySleep", name: "Video Wake Lock"}
	got, awake = wishes([]assertion{chrome, video}, path)
	if !awake || len(got) != 2 || got[1].WebRTC() || len(got[1].Names) != 0 {
		t.Errorf("%+v, awake %v", got, awake)
	}
}
