package detect

import (
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"heliograph/detect/call"
	"heliograph/detect/latest"
	"heliograph/detect/wasapi"
	"heliograph/detect/winmsg"
)

func TestSessionSounds(t *testing.T) {
	got := sessionSounds([]wasapi.Session{
		{ID: 1, PID: 400, Names: []string{"Zoom.exe"}, Label: "Zoom", Device: "{0.0.1}"},
		{ID: 2, PID: os.Getpid(), Names: []string{"heliograph.exe"}},
		{ID: 3},
	})
	if len(got) != 3 || got[0].Index != 1 || got[0].PID != 400 || got[0].Label != "Zoom" || got[0].Source != "{0.0.1}" || !slices.Equal(got[0].Names, []string{"Zoom.exe"}) {
		t.Fatalf("got %+v", got)
	}
	if got[0].Own || got[0].Plumbing || !got[1].Own || got[1].Plumbing || got[2].Own || !got[2].Plumbing {
		t.Errorf("got %+v", got)
	}
}

// TestWindowsNamesAreInTheTable: what WASAPI and the ConsentStore call a program
// is what the app table lists.
func TestWindowsNamesAreInTheTable(t *testing.T) {
	for id, names := range map[string][]string{
		"zoom":   {"Zoom.exe"},
		"chrome": {"chrome.exe"},
		"teams":  {"MSTeams_8wekyb3d8bbwe", "MSTeams"},
	} {
		if a, ok := call.Find(names); !ok || a.ID != id {
			t.Errorf("%q is %q, want %q", names, a.ID, id)
		}
	}
}

// TestConsentStoreGivesWay: the list of the privacy settings proves no
// messenger's call, so that Windows Audio is looked for again while it serves.
func TestConsentStoreGivesWay(t *testing.T) {
	for _, k := range systemKinds() {
		if k.name != "microphone" {
			continue
		}
		for rank, c := range k.candidates {
			if want := c.name != "wasapi"; c.lastResort != want || (rank == 0) == want {
				t.Errorf("candidate %d, %s: last resort is %v", rank+1, c.name, c.lastResort)
			}
		}
		return
	}
	t.Error("there is no microphone")
}

// TestEndOfTheSessionIsSleep: it is delayed until presence has been cleared.
func TestEndOfTheSessionIsSleep(t *testing.T) {
	changed := make(chan struct{}, 1)
	var hold sleepHold
	s, err := openWTS(t.Context(), env{changed: func() { latest.Notify(changed) }, sleep: &hold})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	l, err := winmsg.Listen(t.Context(), func(winmsg.Message) {}) // of the same window
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		windows.NewLazySystemDLL("user32.dll").NewProc("SendMessageW").Call(uintptr(l.Window()), winmsg.EndSession, 1, 0)
	}()
	end := time.After(10 * time.Second)
	for asleep := false; !asleep; {
		r, err := s.sample()
		if err != nil {
			t.Fatal(err)
		}
		if asleep = r.facts().asleep; asleep {
			break
		}
		select {
		case <-changed:
		case <-end:
			t.Fatal("not asleep")
		}
	}
	select {
	case <-answered:
		t.Error("it is not delayed")
	default:
	}
	hold.release()
	<-answered
}

// TestDevicesAreAnnounced: WASAPI may be there again.
func TestDevicesAreAnnounced(t *testing.T) {
	appeared := make(chan struct{}, 1)
	end := watchServers(func() { latest.Notify(appeared) })
	defer end()
	l, err := winmsg.Listen(t.Context(), func(winmsg.Message) {}) // of the same window
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const devNodesChanged = 7 // DBT_DEVNODES_CHANGED
	timeout := time.After(10 * time.Second)
	for {
		windows.NewLazySystemDLL("user32.dll").NewProc("PostMessageW").Call(uintptr(l.Window()), winmsg.DeviceChange, devNodesChanged, 0)
		select {
		case <-appeared:
			return
		case <-time.After(50 * time.Millisecond): // its listener may have come after the message
		case <-timeout:
			t.Fatal("not announced")
		}
	}
}
