//go:build unix

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"
	"heliograph/detect"
)

// callPage is a meeting between two tabs, with the real microphone and
// speakers: it fetches orders over HTTP, carries them out and reports each.
const callPage = `<!doctype html><title>a meeting</title><script>
const me = new URL(location).searchParams.get('tab'), bus = new BroadcastChannel('meeting')
const report = what => fetch('/reports/' + me + '/' + what, {method: 'POST'})
let pc, stream, audio
async function record() { stream = await navigator.mediaDevices.getUserMedia({audio: true}); report('records') }
async function connect() {
  await record()
  pc = new RTCPeerConnection()
  for (const t of stream.getTracks()) pc.addTrack(t, stream)
  pc.ontrack = e => { audio = new Audio(); audio.srcObject = e.streams[0]; audio.play() }
  pc.onicecandidate = e => e.candidate && bus.postMessage({ice: JSON.stringify(e.candidate)})
  pc.onconnectionstatechange = () => report(pc.connectionState)
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
const orders = {
  record, open: () => window.open('/page?tab=b'),
  call: async () => { await connect(); await pc.setLocalDescription(); bus.postMessage({offer: pc.localDescription.toJSON()}) },
  mute: () => { for (const t of stream.getTracks()) t.enabled = false },
  drop: () => { for (const t of stream.getTracks()) t.stop() },
  hangup: () => { pc && pc.close(); stream && stream.getTracks().forEach(t => t.stop()); audio && (audio.srcObject = null) },
}
async function loop() {
  report('ready')
  for (;;) {
    const what = await (await fetch('/orders/' + me)).text()
    if (what) { await orders[what](); report(what) }
  }
}
addEventListener('unhandledrejection', e => report('failed-' + e.reason.name))
loop()
</script>`

// browser is a real browser that shows callPage.
type browser struct {
	t       *testing.T
	orders  map[string]chan string // by tab
	reports chan string            // as in "a connected"
	unread  []string               // reports that nobody has waited for yet
	url     string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	b := &browser{t: t, orders: map[string]chan string{"a": make(chan string, 9), "b": make(chan string, 9)}, reports: make(chan string, 99)}
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, callPage) })
	mux.HandleFunc("/orders/{tab}", func(w http.ResponseWriter, r *http.Request) {
		select {
		case what := <-b.orders[r.PathValue("tab")]:
			fmt.Fprint(w, what)
		case <-time.After(time.Second):
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/reports/{tab}/{what}", func(_ http.ResponseWriter, r *http.Request) {
		b.reports <- r.PathValue("tab") + " " + r.PathValue("what")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.CloseClientConnections)
	b.url = server.URL + "/page?tab=a"
	return b
}

// await waits until a tab reports something, as in "a connected".
func (b *browser) await(what string) {
	b.t.Helper()
	late := time.After(2 * wait.Patience) // a browser on a busy computer
	for !slices.Contains(b.unread, what) {
		select {
		case report := <-b.reports:
			b.unread = append(b.unread, report)
			if strings.Contains(report, "failed") {
				b.t.Fatalf("the page: %s", report)
			}
		case <-late:
			b.t.Fatalf("the page never reported %q; it reported %q", what, b.unread)
		}
	}
	b.unread = nil
}

// do has a tab carry out an order, and waits until it has.
func (b *browser) do(tab, order string) {
	b.t.Helper()
	b.orders[tab] <- order
	b.await(tab + " " + order)
}

func chromiumInWindow(t *testing.T) *browser {
	t.Helper()
	needs(t, "chromium")
	b := newBrowser(t)
	lab.Start(t, []string{"XDG_CURRENT_DESKTOP=GNOME"}, "chromium", "--no-sandbox", "--disable-gpu", "--no-first-run", "--use-fake-ui-for-media-stream",
		"--autoplay-policy=no-user-gesture-required", "--disable-popup-blocking", "--user-data-dir="+t.TempDir(), b.url)
	b.await("a ready")
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
	lab.Start(t, []string{"MOZ_DISABLE_CONTENT_SANDBOX=1"}, "firefox-esr", "--headless", "--no-remote", "--profile", profile, b.url)
	b.await("a ready")
	return b
}

const (
	shortDebounce = time.Second
	shortGrace    = 2 * time.Second
)

func watchingCalls(t *testing.T) *detect.Watcher {
	t.Helper()
	w := watching(t, detect.Options{Debounce: shortDebounce, Grace: shortGrace})
	wait.Until(t, "the sound server is open", func() bool { return part(w, "microphone").Backend == "pulseaudio" })
	return w
}

// call returns the app of the current call; empty: there is none.
func call(w *detect.Watcher) string { return w.Activity().Call.App }

func TestMeetingInChromium(t *testing.T) { testMeeting(t, chromiumInWindow(t), "chromium") }
func TestMeetingInFirefox(t *testing.T)  { testMeeting(t, firefox(t), "firefox") }

// testMeeting: a meeting between two tabs is a call from the end of the debounce
// to the end of the grace, muted or not.
func testMeeting(t *testing.T, b *browser, app string) {
	w := watchingCalls(t)
	b.do("a", "open")
	b.await("b ready")
	b.do("a", "call")
	b.await("a connected")
	connected := time.Now()
	wait.Until(t, "the meeting is a call", func() bool { return call(w) == app })
	t.Logf("%s: a call %v after it was connected, of %v debounce", app, time.Since(connected).Round(time.Millisecond), shortDebounce)
	b.do("a", "mute")
	b.do("b", "mute")
	wait.During(t, shortGrace+time.Second, "muted, the call goes on", func() bool { return call(w) == app })
	b.do("a", "hangup")
	b.do("b", "hangup")
	ended := time.Now()
	wait.Until(t, "the call ends", func() bool { return call(w) == "" })
	t.Logf("%s: over %v after it was hung up, of %v grace", app, time.Since(ended).Round(time.Millisecond), shortGrace)
}

func TestVoiceRecorderInChromium(t *testing.T) { testRecorder(t, chromiumInWindow(t)) }
func TestVoiceRecorderInFirefox(t *testing.T)  { testRecorder(t, firefox(t)) }

// testRecorder: a page that records is not a call.
func testRecorder(t *testing.T, b *browser) {
	w := watchingCalls(t)
	b.do("a", "record")
	wait.Until(t, "a recording is listed", func() bool { return len(w.Streams()) == 1 && w.Streams()[0].Running })
	wait.During(t, shortDebounce+time.Second, "there is no call", func() bool { return call(w) == "" && w.Activity().Unlisted == "" })
}

// Where the desktop lists inhibitors, Chromium reports its call there; then the
// call goes on even if a page releases the microphone while it is muted.
func TestChromiumsInhibitorHoldsACall(t *testing.T) {
	d := newFakeDesktop(t)
	b := chromiumInWindow(t)
	w := watchingCalls(t)
	b.do("a", "open")
	b.await("b ready")
	b.do("a", "call")
	b.await("a connected")
	wait.Until(t, "the meeting is a call", func() bool { return call(w) == "chromium" })
	wait.Until(t, "Chromium gives its reason", func() bool {
		select {
		case asked := <-d.asked:
			t.Logf("%s asks GNOME's session manager: %q", asked[0], asked[1])
			return strings.Contains(asked[1], "WebRTC")
		default:
			return false
		}
	})
	b.do("a", "drop")
	b.do("b", "drop")
	wait.Until(t, "nothing records", func() bool { return len(w.Streams()) == 0 })
	wait.During(t, shortGrace+time.Second, "the call goes on", func() bool { return call(w) == "chromium" })
	b.do("a", "hangup")
	b.do("b", "hangup")
	wait.Until(t, "the call ends", func() bool { return call(w) == "" })
}

// Programs that record and are not in a call, as Debian has them.
func TestRealRecordersAreNotCalls(t *testing.T) {
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
			lab.Start(t, nil, c.program[0], c.program[1:]...)
			wait.Until(t, "a recording is listed", func() bool { return len(w.Streams()) > 0 })
			wait.During(t, shortDebounce+time.Second, "it is neither a call nor an unknown program", func() bool { return call(w) == "" && w.Activity().Unlisted == "" })
			t.Logf("%+v", w.Streams())
		})
	}
}
