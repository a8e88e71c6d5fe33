//go:build unix

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heliograph/detect"
)

// callPage is a meeting between two tabs, with the real microphone and
// speakers: it does what it is told over HTTP, and says what happened.
const callPage = `<!doctype html><title>a meeting</title><script>
const me = new URL(location).searchParams.get('tab'), bus = new BroadcastChannel('meeting')
const say = what => fetch('/said/' + me + '/' + what, {method: 'POST'})
let pc, stream, audio
async function record() { stream = await navigator.mediaDevices.getUserMedia({audio: true}); say('records') }
async function connect() {
  await record()
  pc = new RTCPeerConnection()
  for (const t of stream.getTracks()) pc.addTrack(t, stream)
  pc.ontrack = e => { audio = new Audio(); audio.srcObject = e.streams[0]; audio.play() }
  pc.onicecandidate = e => e.candidate && bus.postMessage({ice: JSON.stringify(e.candidate)})
  pc.onconnectionstatechange = () => say(pc.connectionState)
}
bus.onmessage = async ({data}) => {
  if (data.ice) return pc && pc.addIceCandidate(JSON.parse(data.ice))
  if (data.offer) {
    await connect()
    await pc.setRemoteDescription(data.offer)
    await pc.setLocalDescription()
    bus.postMessage({answer: pc.localDescription.toJSON()})
  }
  if (data.answer) await pc.setRemoteDescription(data.answer)
}
const does = {
  record, open: () => window.open('/page?tab=b'),
  call: async () => { await connect(); await pc.setLocalDescription(); bus.postMessage({offer: pc.localDescription.toJSON()}) },
  mute: () => { for (const t of stream.getTracks()) t.enabled = false },
  drop: () => { for (const t of stream.getTracks()) t.stop() },
  hangup: () => { pc && pc.close(); stream && stream.getTracks().forEach(t => t.stop()); audio && (audio.srcObject = null) },
}
async function loop() {
  say('ready')
  for (;;) {
    const what = await (await fetch('/told/' + me)).text()
    if (what) { await does[what](); say(what) }
  }
}
addEventListener('unhandledrejection', e => say('failed-' + e.reason.name))
loop()
</script>`

// browser is a real one with a meeting's page.
type browser struct {
	t    *testing.T
	told map[string]chan string
	said chan string
	all  []string
	url  string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	b := &browser{t: t, told: map[string]chan string{"a": make(chan string, 9), "b": make(chan string, 9)}, said: make(chan string, 99)}
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, callPage) })
	mux.HandleFunc("/told/{tab}", func(w http.ResponseWriter, r *http.Request) {
		select {
		case what := <-b.told[r.PathValue("tab")]:
			fmt.Fprint(w, what)
		case <-time.After(time.Second):
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/said/{tab}/{what}", func(_ http.ResponseWriter, r *http.Request) {
		b.said <- r.PathValue("tab") + " " + r.PathValue("what")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.CloseClientConnections)
	b.url = server.URL + "/page?tab=a"
	return b
}

// waits until a tab has said something.
func (b *browser) waits(what string) {
	b.t.Helper()
	late := time.After(3 * patience) // a browser on a busy machine
	for {
		for _, s := range b.all {
			if s == what {
				b.all = nil
				return
			}
		}
		select {
		case s := <-b.said:
			b.all = append(b.all, s)
			if strings.Contains(s, "failed") {
				b.t.Fatalf("the page: %s", s)
			}
		case <-late:
			b.t.Fatalf("the page never said %q; it said %q", what, b.all)
		}
	}
}

// does tells a tab what to do, and waits until it has.
func (b *browser) does(tab, what string) {
	b.t.Helper()
	b.told[tab] <- what
	b.waits(tab + " " + what)
}

func chromiumInWindow(t *testing.T) *browser {
	t.Helper()
	needs(t, "chromium")
	b := newBrowser(t)
	start(t, []string{"XDG_CURRENT_DESKTOP=GNOME"}, "chromium", "--no-sandbox", "--disable-gpu", "--no-first-run", "--use-fake-ui-for-media-stream",
		"--autoplay-policy=no-user-gesture-required", "--disable-popup-blocking", "--user-data-dir="+t.TempDir(), b.url)
	b.waits("a ready")
	return b
}

func firefox(t *testing.T) *browser {
	t.Helper()
	needs(t, "firefox-esr")
	b := newBrowser(t)
	profile := t.TempDir()
	prefs := `user_pref("media.navigator.permission.disabled", true);
user_pref("media.autoplay.default", 0);
user_pref("media.autoplay.blocking_policy", 0);
user_pref("media.getusermedia.insecure.enabled", true);
user_pref("media.devices.insecure.enabled", true);
user_pref("dom.disable_open_during_load", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("app.update.enabled", false);
`
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(prefs), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, []string{"MOZ_DISABLE_CONTENT_SANDBOX=1"}, "firefox-esr", "--headless", "--no-remote", "--profile", profile, b.url)
	b.waits("a ready")
	return b
}

const (
	shortDebounce = time.Second
	shortGrace    = 2 * time.Second
)

func watchingCalls(t *testing.T) *detect.Watcher {
	t.Helper()
	w := watching(t, detect.Options{Debounce: shortDebounce, Grace: shortGrace})
	eventually(t, "the sound server serves", func() bool { return part(w, "microphone").Backend == "pulseaudio" })
	return w
}

func call(w *detect.Watcher) string { return w.Activity().Call.App }

func TestMeetingInChromium(t *testing.T) { testMeeting(t, chromiumInWindow(t), "chromium") }
func TestMeetingInFirefox(t *testing.T)  { testMeeting(t, firefox(t), "firefox") }

// testMeeting: a meeting between two tabs is a call from its debounce to its
// grace, muted or not.
func testMeeting(t *testing.T, b *browser, app string) {
	w := watchingCalls(t)
	b.does("a", "open")
	b.waits("b ready")
	b.does("a", "call")
	b.waits("a connected")
	connected := time.Now()
	eventually(t, "the meeting is a call", func() bool { return call(w) == app })
	t.Logf("%s: a call %v after it was connected, of %v debounce", app, time.Since(connected).Round(time.Millisecond), shortDebounce)
	b.does("a", "mute")
	b.does("b", "mute")
	during(t, shortGrace+time.Second, "muted, it goes on", func() bool { return call(w) == app })
	b.does("a", "hangup")
	b.does("b", "hangup")
	ended := time.Now()
	eventually(t, "the call ends", func() bool { return call(w) == "" })
	t.Logf("%s: over %v after it was hung up, of %v grace", app, time.Since(ended).Round(time.Millisecond), shortGrace)
}

func TestVoiceRecorderInChromium(t *testing.T) { testRecorder(t, chromiumInWindow(t)) }
func TestVoiceRecorderInFirefox(t *testing.T)  { testRecorder(t, firefox(t)) }

// testRecorder: a page that records is no call.
func testRecorder(t *testing.T, b *browser) {
	w := watchingCalls(t)
	b.does("a", "record")
	eventually(t, "it records", func() bool { return len(w.Streams()) == 1 && w.Streams()[0].Running })
	during(t, shortDebounce+time.Second, "it is no call", func() bool { return call(w) == "" && w.Activity().Unlisted == "" })
}

// Where the desktop lists inhibitors, Chromium says itself that it is in a
// call; then even a page that gives the microphone back while muted holds it.
func TestChromiumsInhibitorHoldsACall(t *testing.T) {
	d := newFakeDesktop(t)
	b := chromiumInWindow(t)
	w := watchingCalls(t)
	b.does("a", "open")
	b.waits("b ready")
	b.does("a", "call")
	b.waits("a connected")
	eventually(t, "the meeting is a call", func() bool { return call(w) == "chromium" })
	eventually(t, "Chromium says why", func() bool {
		select {
		case asked := <-d.asked:
			t.Logf("%s asks GNOME's session manager: %q", asked[0], asked[1])
			return strings.Contains(asked[1], "WebRTC")
		default:
			return false
		}
	})
	b.does("a", "drop")
	b.does("b", "drop")
	eventually(t, "nothing records", func() bool { return len(w.Streams()) == 0 })
	during(t, shortGrace+time.Second, "it goes on", func() bool { return call(w) == "chromium" })
	b.does("a", "hangup")
	b.does("b", "hangup")
	eventually(t, "the call ends", func() bool { return call(w) == "" })
}

// Programs that record and are no call, as they come.
func TestRealRecordersAreNoCalls(t *testing.T) {
	asound := filepath.Join(t.TempDir(), "asoundrc")
	if err := os.WriteFile(asound, []byte("pcm.!default { type pulse }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ALSA_CONFIG_PATH", "/usr/share/alsa/alsa.conf:"+asound)
	for _, c := range []struct {
		name    string
		program []string
	}{
		{"pavucontrol", []string{"pavucontrol"}},
		{"parecord", []string{"parecord", "/dev/null"}},
		{"arecord", []string{"arecord", "-q", "-f", "cd", "/dev/null"}},
		{"pw-record", []string{"pw-record", "/dev/null"}},
		{"obs", []string{"obs", "--minimize-to-tray", "--multi"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			needs(t, c.program[0])
			w := watchingCalls(t)
			start(t, nil, c.program[0], c.program[1:]...)
			eventually(t, "it records", func() bool { return len(w.Streams()) > 0 })
			during(t, shortDebounce+time.Second, "it is no call, nor to be asked about", func() bool { return call(w) == "" && w.Activity().Unlisted == "" })
			t.Logf("%+v", w.Streams())
		})
	}
}
