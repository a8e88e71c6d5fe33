package detect

import (
	"context"
	"hash/fnv"
	"os"
	"sync"

	"heliograph/detect/call"
	"heliograph/detect/consent"
	"heliograph/detect/lastinput"
	"heliograph/detect/wasapi"
	"heliograph/detect/winmsg"
	"heliograph/detect/winproc"
	"heliograph/detect/wts"
)

func openLastInput(ctx context.Context, e env) (source, error) {
	w, err := lastinput.Watch(ctx, e.settle, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: w.Close, read: func() (result, error) {
		s, err := w.State()
		return idleResult{inUse: s.Active, last: s.Last}, err
	}}, nil
}

// openWTS opens the state of the session. The end of the session counts as
// sleep: the person stops working then.
func openWTS(ctx context.Context, e env) (source, error) {
	w, err := wts.Watch(ctx, e.changed, e.sleep.begin)
	if err != nil {
		return nil, err
	}
	return watcherSource{
		read: func() (result, error) {
			s, err := w.State()
			return seatResult{locked: s.Locked, asleep: s.Suspended || s.Ending, dark: s.Dark, elsewhere: s.Disconnected, woke: s.Resumed}, err
		},
		end: func() {
			e.sleep.release()
			w.Close()
		},
	}, nil
}

func openWASAPI(ctx context.Context, e env) (source, error) {
	w, err := wasapi.Watch(ctx, e.changed)
	if err != nil {
		return nil, err
	}
	p := newPeers(winproc.UDPOwners, e.changed)
	return watcherSource{
		read: func() (result, error) {
			s, err := w.Sessions()
			r := soundResult{captures: sessionSounds(s.Recording), playbacks: sessionSounds(s.Playing)}
			r.peers = p.read(r.captures)
			return r, err
		},
		end: func() {
			p.close()
			w.Close()
		},
	}, nil
}

func sessionSounds(sessions []wasapi.Session) []call.Sound {
	var sounds []call.Sound
	for _, s := range sessions {
		sounds = append(sounds, call.Sound{Index: s.ID, Names: s.Names, Label: s.Label, PID: s.PID, Source: s.Device,
			Own: s.PID == os.Getpid(), Plumbing: s.PID == 0}) // 0: the sounds of Windows itself
	}
	return sounds
}

// openConsentMicrophone lists recordings where there is no WASAPI. It does not
// see which programs play sound, so messengers are never in a call, and
// browsers only with the camera.
func openConsentMicrophone(ctx context.Context, e env) (source, error) {
	w, err := consent.Watch(ctx, consent.Microphone, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: w.Close, read: func() (result, error) {
		uses, err := w.Uses()
		var r soundResult
		for _, u := range uses {
			id := fnv.New32a()
			id.Write([]byte(u.Key))
			r.captures = append(r.captures, call.Sound{Index: id.Sum32(), Names: u.Names, PID: u.PID, Own: u.PID == os.Getpid()})
		}
		return r, err
	}}, nil
}

func openConsentCamera(ctx context.Context, e env) (source, error) {
	w, err := consent.Watch(ctx, consent.Camera, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: w.Close, read: func() (result, error) {
		uses, err := w.Uses()
		r := deviceResult{what: "camera", devices: -1}
		for _, u := range uses {
			r.holders = append(r.holders, call.Process{Names: u.Names, PID: u.PID})
		}
		return r, err
	}}, nil
}

// watchServers calls appeared when a device is plugged in or removed: there is
// no WASAPI without a sound device. The window for that opens meanwhile.
func watchServers(appeared func()) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var listener *winmsg.Listener // nil: missing services are looked for at intervals only
	var opening sync.WaitGroup
	opening.Go(func() {
		l, err := winmsg.Listen(ctx, func(m winmsg.Message) {
			if m.DevicesChanged() {
				appeared()
			}
		})
		if err == nil {
			listener = l
		}
	})
	return func() {
		cancel()
		opening.Wait()
		if listener != nil {
			listener.Close()
		}
	}
}
