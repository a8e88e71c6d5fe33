package wasapi

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"heliograph/build/wait"
)

// iidAudioClient is that of IAudioClient, through which a program records and
// plays.
//
// Source: audioclient.h of the Windows SDK
var iidAudioClient = newGUID(0x1CB9AD4C, 0xDBFA, 0x4C32, 0xB178C2F568A703B2)

// Places of its methods, and values.
const (
	clientInitialize   = 3
	clientGetMixFormat = 8
	clientStart        = 10
	clientStop         = 11

	sharedMode   = 0         // AUDCLNT_SHAREMODE_SHARED
	bufferLength = 2_000_000 // in 100 ns
)

// ownSession is the session of the test's streams. One without an id is listed by
// Wine as a session that has ended.
var ownSession = newGUID(0x6C1E2F0A, 0x5B7D, 0x4A53, 0x9D0E1F2A3B4C5D6E)

// openStream starts a stream on the first device of a direction.
func openStream(t *testing.T, enumerator *object, flow uintptr) (stop func()) {
	t.Helper()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	var collection, device, client *object
	must("list the devices", enumerator.call(enumAudioEndpoints, flow, deviceActive, uintptr(unsafe.Pointer(&collection))))
	defer collection.release()
	must("the first device", collection.call(collectionItem, 0, uintptr(unsafe.Pointer(&device))))
	defer device.release()
	must("a client", device.call(deviceActivate, uintptr(unsafe.Pointer(&iidAudioClient)), clsctxAll, 0, uintptr(unsafe.Pointer(&client))))
	var format unsafe.Pointer
	must("its format", client.call(clientGetMixFormat, uintptr(unsafe.Pointer(&format))))
	defer procCoTaskMemFree.Call(uintptr(format))
	must("its stream", client.call(clientInitialize, sharedMode, 0, bufferLength, 0, uintptr(format), uintptr(unsafe.Pointer(&ownSession))))
	must("start", client.call(clientStart))
	return func() {
		must("stop", client.call(clientStop))
		client.release()
	}
}

// listsSessions reports whether this system lists sessions, as Windows does and
// Wine since 9. It must have a device.
func listsSessions(t *testing.T, enumerator *object) bool {
	t.Helper()
	const notImplemented = hresult(0x80004001) // E_NOTIMPL
	var collection, device, manager, sessions *object
	if err := enumerator.call(enumAudioEndpoints, flowCapture, deviceActive, uintptr(unsafe.Pointer(&collection))); err != nil {
		t.Fatal(err)
	}
	defer collection.release()
	if collection.call(collectionItem, 0, uintptr(unsafe.Pointer(&device))) != nil {
		t.Skip("there is no device that records")
	}
	defer device.release()
	if err := device.call(deviceActivate, uintptr(unsafe.Pointer(&iidSessionManager)), clsctxAll, 0, uintptr(unsafe.Pointer(&manager))); err != nil {
		t.Fatal(err)
	}
	defer manager.release()
	err := manager.call(getSessionEnumerator, uintptr(unsafe.Pointer(&sessions)))
	sessions.release()
	return !errors.Is(err, notImplemented)
}

// TestOwnSessionsAreSeen holds our calls to an implementation that is not ours:
// this process records and plays, and is seen with its id, its name and the name
// of the device, until it stops. build/wine10 runs it.
func TestOwnSessionsAreSeen(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := windows.CoInitializeEx(0, windows.COINIT_MULTITHREADED); err == nil {
		defer windows.CoUninitialize()
	}
	enumerator, err := create(&clsidDeviceEnumerator, &iidDeviceEnumerator)
	if err != nil {
		t.Fatal(err)
	}
	defer enumerator.release()
	if !listsSessions(t, enumerator) {
		t.Skip("this Wine lists no sessions: build/wine10 has one that does")
	}
	w, err := Watch(t.Context(), func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	sees := func(recording, playing bool) func() bool {
		return func() bool {
			s, err := w.Sessions()
			if err != nil {
				t.Fatal(err)
			}
			return isOurs(t, s.Recording) == recording && isOurs(t, s.Playing) == playing
		}
	}
	wait.Until(t, "nothing is seen", sees(false, false))
	stopRecording := openStream(t, enumerator, flowCapture)
	began := time.Now()
	wait.Until(t, "the recording is seen", sees(true, false))
	t.Logf("a recording was seen after %v", time.Since(began).Round(time.Millisecond))
	stopPlaying := openStream(t, enumerator, flowRender)
	wait.Until(t, "both are seen", sees(true, true))
	stopRecording()
	wait.Until(t, "the playback is seen alone", sees(false, true))
	stopPlaying()
	wait.Until(t, "nothing is seen any more", sees(false, false))
}

// isOurs reports whether the sessions are one of this process.
func isOurs(t *testing.T, sessions []Session) bool {
	t.Helper()
	if len(sessions) == 0 {
		return false
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := sessions[0]
	if len(sessions) > 1 || s.PID != os.Getpid() || len(s.Names) == 0 || !strings.EqualFold(filepath.Base(exe), s.Names[0]) || s.ID == 0 || s.Device == "" || s.Device[0] == '{' {
		t.Fatalf("%+v are not the one session of process %d, %s", sessions, os.Getpid(), exe)
	}
	return true
}
