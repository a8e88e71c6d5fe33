package detect

import (
	"slices"
	"testing"

	"heliograph/detect/call"
	"heliograph/detect/coreaudio"
	"heliograph/detect/macos"
)

func TestMacNames(t *testing.T) {
	for name, c := range map[string]struct {
		bundle, executable string
		want               []string
		app                string
	}{
		"zoom": {"us.zoom.xos", "/Applications/zoom.us.app/Contents/MacOS/zoom.us",
			[]string{"us.zoom.xos", "zoom.us", "zoom.us"}, "zoom"},
		"a helper of Chrome": {"com.google.Chrome.helper", "/Applications/Google Chrome.app/Contents/Frameworks/Google Chrome Framework.framework/Versions/1/Helpers/Google Chrome Helper.app/Contents/MacOS/Google Chrome Helper",
			[]string{"com.google.Chrome.helper", "com.google.Chrome", "Google Chrome", "com.google.Chrome", "Google Chrome Helper"}, "chrome"},
		"a helper of Slack": {"com.tinyspeck.slackmacgap.helper", "/Applications/Slack.app/Contents/Frameworks/Slack Helper.app/Contents/MacOS/Slack Helper",
			[]string{"com.tinyspeck.slackmacgap.helper", "com.tinyspeck.slackmacgap", "Slack", "Slack Helper"}, "slack"},
		"FaceTime in its daemon": {"com.apple.avconferenced", "/usr/libexec/avconferenced",
			[]string{"com.apple.avconferenced", "avconferenced"}, "facetime"},
		"without a bundle": {"", "/usr/local/bin/baresip", []string{"baresip"}, "baresip"},
		"nothing known":    {"", "", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := macNames(c.bundle, c.executable)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if a, _ := call.Find(got); a.ID != c.app {
				t.Errorf("the app table calls it %q, want %q", a.ID, c.app)
			}
		})
	}
}

func TestMacSound(t *testing.T) {
	executables := map[int]string{14: "/usr/local/bin/sox"}
	r := macSound([]coreaudio.Process{
		{ID: 80, PID: 10, Bundle: "us.zoom.xos", Recording: true, Playing: true},
		{ID: 81, PID: 11, Bundle: "com.apple.Music", Playing: true},
		{ID: 82, PID: 12, Bundle: "org.heliograph.heliograph", Recording: true},
		{ID: 83, PID: 13, Recording: true},
		{ID: 84, PID: 14, Recording: true},
	}, func(pid int) string { return executables[pid] }, 12)
	want := []call.Sound{
		{Index: 80, PID: 10, Names: []string{"us.zoom.xos"}},
		{Index: 82, PID: 12, Names: []string{"org.heliograph.heliograph"}, Own: true},
		{Index: 83, PID: 13, Plumbing: true},
		{Index: 84, PID: 14, Names: []string{"sox"}},
	}
	if !slices.EqualFunc(r.captures, want, sameStream) {
		t.Errorf("captures %+v, want %+v", r.captures, want)
	}
	want = []call.Sound{{Index: 80, PID: 10, Names: []string{"us.zoom.xos"}}, {Index: 81, PID: 11, Names: []string{"com.apple.Music"}}}
	if !slices.EqualFunc(r.playbacks, want, sameStream) {
		t.Errorf("playbacks %+v, want %+v", r.playbacks, want)
	}
}

func sameStream(a, b call.Sound) bool {
	return a.Index == b.Index && a.PID == b.PID && slices.Equal(a.Names, b.Names) && a.Own == b.Own && a.Plumbing == b.Plumbing
}

func TestMacInhibitors(t *testing.T) {
	executable := func(pid int) string {
		return map[int]string{7: "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"}[pid]
	}
	chrome := macos.Assertion{PID: 7, Kind: "PreventUserIdleSystemSleep", Name: "WebRTC has active PeerConnections"}
	r := macInhibitors([]macos.Assertion{chrome}, executable)
	if r.awake || !r.awakeKnown || len(r.inhibitors) != 1 || !r.inhibitors[0].WebRTC() ||
		!slices.Equal(r.inhibitors[0].Names, []string{"Google Chrome", "com.google.Chrome", "Google Chrome"}) {
		t.Errorf("a call: %+v", r)
	}
	video := macos.Assertion{PID: 8, Kind: "PreventUserIdleDisplaySleep", Name: "Video Wake Lock"}
	r = macInhibitors([]macos.Assertion{chrome, video}, executable)
	if !r.awake || len(r.inhibitors) != 2 || r.inhibitors[1].WebRTC() || len(r.inhibitors[1].Names) != 0 {
		t.Errorf("a call and a video: %+v", r)
	}
}
