package detect

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// patience is how long Windows may take to tell on a busy machine.
const patience = 10 * time.Second

// opened is a source with its wake-ups.
type opened struct {
	source
	wake chan struct{}
}

func open(t *testing.T, c func(wake func()) (source, error)) opened {
	t.Helper()
	o := opened{wake: make(chan struct{}, 64)}
	s, err := c(func() { o.wake <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	o.source = s
	t.Cleanup(s.close)
	return o
}

// facts samples once.
func (o opened) facts(t *testing.T) *facts {
	t.Helper()
	r, err := o.sample()
	if err != nil {
		t.Fatal(err)
	}
	f := r.facts()
	return &f
}

// until samples at each wake-up until the facts are as wanted.
func (o opened) until(t *testing.T, what string, ok func(*facts) bool) {
	t.Helper()
	end := time.After(patience)
	for !ok(o.facts(t)) {
		select {
		case <-o.wake:
		case <-end:
			t.Fatalf("never: %s", what)
		}
	}
}

// post has the hidden window get a message, as if Windows had sent it.
func post(msg uint32, w uintptr) { procPostMessage.Call(sharedWindow.handle, uintptr(msg), w, 0) }

func TestSessionMessages(t *testing.T) {
	o := open(t, func(wake func()) (source, error) {
		return openWTS(t.Context(), env{changed: wake, sleep: &sleepHold{}})
	})
	if f := o.facts(t); f.elsewhere || f.locked || f.asleep {
		t.Fatalf("to begin with: %+v", f)
	}
	post(wmSessionChange, sessionLock)
	o.until(t, "locked", func(f *facts) bool { return f.locked })
	post(wmSessionChange, sessionUnlock)
	o.until(t, "unlocked", func(f *facts) bool { return !f.locked })
	post(wmSessionChange, remoteDisconnect)
	o.until(t, "left", func(f *facts) bool { return f.elsewhere })
}

// TestSuspendWaitsUntilColleaguesAreTold: the window answers only then.
func TestSuspendWaitsUntilColleaguesAreTold(t *testing.T) {
	var hold sleepHold
	o := open(t, func(wake func()) (source, error) { return openWTS(t.Context(), env{changed: wake, sleep: &hold}) })
	answered := make(chan time.Time, 1)
	send := user32.NewProc("SendMessageW")
	handle := sharedWindow.handle
	go func() {
		send.Call(handle, wmPowerBroadcast, powerSuspend, 0)
		answered <- time.Now()
	}()
	o.until(t, "going to sleep", func(f *facts) bool { return f.asleep })
	select {
	case <-answered:
		t.Error("it did not wait")
	default:
	}
	hold.release()
	select {
	case <-answered:
	case <-time.After(patience):
		t.Fatal("it waits for ever")
	}
	post(wmPowerBroadcast, powerResumeAutomatic)
	o.until(t, "awake", func(f *facts) bool { return !f.asleep && !f.woke.IsZero() })
}

// mouse moves the pointer as a hand would.
func mouse() {
	const move = 1
	user32.NewProc("mouse_event").Call(move, 5, 5, 0, 0)
}

func TestInputComesAndGoes(t *testing.T) {
	mouse()
	o := open(t, func(wake func()) (source, error) {
		return openInputIdle(t.Context(), env{settle: 400 * time.Millisecond, changed: wake})
	})
	began := time.Now()
	o.until(t, "at rest", func(f *facts) bool { return f.idleKnown && !f.inUse })
	if d := time.Since(o.facts(t).lastInput); d < 300*time.Millisecond || d > time.Since(began)+5*time.Second {
		t.Errorf("the last input was %v ago", d)
	}
	if len(o.wake) > 0 {
		t.Errorf("%d more wake-ups", len(o.wake))
	}
	mouse()
	o.until(t, "in use", func(f *facts) bool { return f.inUse })
	if d := time.Since(o.facts(t).lastInput); d > patience {
		t.Errorf("use began %v ago", d)
	}
	o.until(t, "at rest again", func(f *facts) bool { return !f.inUse })
}

// consentEntry makes the registry say that this test uses a device.
func consentEntry(t *testing.T, device string) registry.Key {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := consentKey + device + `\NonPackaged\` + strings.ReplaceAll(self, `\`, "#")
	k, _, err := registry.CreateKey(registry.CURRENT_USER, name, registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		k.Close()
		if err := registry.DeleteKey(registry.CURRENT_USER, name); err != nil {
			t.Error(err)
		}
	})
	return k
}

func set(t *testing.T, k registry.Key, name string, at time.Time) {
	t.Helper()
	var n uint64
	if !at.IsZero() {
		n = uint64(at.UnixNano()/100 + 116444736000000000)
	}
	if err := k.SetQWordValue(name, n); err != nil {
		t.Fatal(err)
	}
}

func TestConsentIsFollowed(t *testing.T) {
	k := consentEntry(t, "microphone")
	set(t, k, "LastUsedTimeStart", time.Now().Add(-time.Hour))
	set(t, k, "LastUsedTimeStop", time.Now().Add(-time.Minute))
	o := open(t, func(wake func()) (source, error) { return openConsentMicrophone(t.Context(), env{changed: wake}) })
	if f := o.facts(t); !f.evidence.Known || len(f.evidence.Captures) != 0 {
		t.Fatalf("to begin with: %+v", f)
	}
	best := patience
	for range 3 {
		set(t, k, "LastUsedTimeStart", time.Now())
		began := time.Now()
		set(t, k, "LastUsedTimeStop", time.Time{})
		o.until(t, "in use", func(f *facts) bool { return len(f.evidence.Captures) == 1 })
		best = min(best, time.Since(began))
		t.Logf("seen %v after the write", time.Since(began).Round(time.Millisecond))
		if s := o.facts(t).evidence.Captures[0]; !s.Own || s.PID != os.Getpid() || len(s.Names) == 0 || !strings.HasSuffix(s.Names[0], ".exe") {
			t.Errorf("%+v", s)
		}
		set(t, k, "LastUsedTimeStop", time.Now())
		o.until(t, "not in use", func(f *facts) bool { return len(f.evidence.Captures) == 0 })
	}
	// The best, since a busy machine delays everything now and then.
	if best > 200*time.Millisecond {
		t.Errorf("seen %v after the write at best", best)
	}
}

func TestCameraIsFollowed(t *testing.T) {
	k := consentEntry(t, "webcam")
	o := open(t, func(wake func()) (source, error) { return openConsentCamera(t.Context(), env{changed: wake}) })
	set(t, k, "LastUsedTimeStart", time.Now())
	set(t, k, "LastUsedTimeStop", time.Time{})
	o.until(t, "in use", func(f *facts) bool { return len(f.evidence.Cameras) == 1 && f.evidence.Cameras[0].PID == os.Getpid() })
}

// TestDevicesMakeRoomForWASAPI: the fallback gives way when there may be a
// better one.
func TestDevicesMakeRoomForWASAPI(t *testing.T) {
	consentEntry(t, "microphone")
	o := open(t, func(wake func()) (source, error) { return openConsentMicrophone(t.Context(), env{changed: wake}) })
	post(wmDeviceChange, deviceNodesChanged)
	select {
	case <-o.wake:
	case <-time.After(patience):
		t.Fatal("never woken")
	}
	if _, err := o.sample(); err == nil {
		t.Error("it serves on")
	}
}

// TestBell calls our object as COM does.
func TestBell(t *testing.T) {
	ring := make(chan struct{}, 1)
	b := newBell(idSessionEvents, ring, onState)
	ask := func(id *windows.GUID) (*bell, uint32) {
		var out *bell
		r, _, _ := syscall.SyscallN(b.methods[0], uintptr(unsafe.Pointer(b)), uintptr(unsafe.Pointer(id)), uintptr(unsafe.Pointer(&out)))
		return out, uint32(r)
	}
	for _, id := range []*windows.GUID{&idUnknown, &idSessionEvents} {
		if out, hr := ask(id); out != b || hr != 0 {
			t.Errorf("%v: %v, %#x", id, out, hr)
		}
	}
	if out, hr := ask(&idSessionNotice); out != nil || hr != comNoInterface {
		t.Errorf("another interface: %v, %#x", out, hr)
	}
	syscall.SyscallN(b.methods[5], uintptr(unsafe.Pointer(b)), 0) // the volume
	if len(ring) != 0 {
		t.Error("a volume rings")
	}
	for range 3 { // nobody takes them off: it must not wait
		syscall.SyscallN(b.methods[8], uintptr(unsafe.Pointer(b)), sessionActive)
	}
	select {
	case <-ring:
	default:
		t.Error("no ring")
	}
	if r, _, _ := syscall.SyscallN(b.methods[2], uintptr(unsafe.Pointer(b))); r != 2 {
		t.Errorf("%d references are left", r)
	}
	if got := idDeviceEnumerator.String(); got != "{A95664D2-9614-4F35-A746-DE8DB63617E6}" {
		t.Errorf("guid is laid out as %s", got)
	}
}

// TestWASAPIOpensOrSaysWhyNot: Wine lists devices, but no sessions.
func TestWASAPIOpensOrSaysWhyNot(t *testing.T) {
	s, err := openWASAPI(t.Context(), env{changed: func() {}})
	if err != nil {
		t.Logf("not here: %v", err)
		if !strings.HasPrefix(err.Error(), "audio sessions cannot be followed: ") {
			t.Errorf("got %v", err)
		}
		return
	}
	defer s.close()
	if r, err := s.sample(); err != nil || !r.facts().evidence.Known {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestFamilyNamesThisTest(t *testing.T) {
	all, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	names := family(uint32(os.Getpid()), all)
	if len(names) == 0 || !strings.HasSuffix(names[0], ".exe") {
		t.Errorf("%q", names)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	i, ok := look(uint32(os.Getpid()))
	if !ok || !strings.EqualFold(i.path, self) || i.started.IsZero() || time.Since(i.started) > time.Hour {
		t.Errorf("%+v, want %s", i, self)
	}
}
