package detect

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"heliograph/detect/call"
	"heliograph/detect/desktop"
	"heliograph/detect/kernel"
	"heliograph/detect/logind"
	"heliograph/detect/wayland"
	"heliograph/detect/x11"
)

func openWayland(p wayland.Protocol) func(context.Context, env) (source, error) {
	return func(ctx context.Context, e env) (source, error) {
		i, err := wayland.WatchIdle(ctx, p, e.settle, e.changed)
		if err != nil {
			return nil, err
		}
		return watcherSource{end: i.Close, read: func() (result, error) {
			s, err := i.State()
			return idleResult{inUse: s.InUse, last: s.Last, awake: s.Inhibited, awakeKnown: s.SeesInhibitors}, err
		}}, nil
	}
}

func openMutter(ctx context.Context, e env) (source, error) {
	m, err := desktop.WatchMutter(ctx, e.settle, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: m.Close, read: func() (result, error) {
		s, err := m.State()
		return idleResult{inUse: s.InUse, last: s.Last}, err
	}}, nil
}

func openX11Alarms(ctx context.Context, e env) (source, error) {
	a, err := x11.WatchAlarms(ctx, e.settle, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: a.Close, read: func() (result, error) {
		s, err := a.State()
		return idleResult{inUse: s.InUse, last: s.Last}, err
	}}, nil
}

func openX11Poll(ctx context.Context, e env) (source, error) {
	p, err := x11.WatchPoll(ctx, e.settle, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: p.Close, read: func() (result, error) {
		s, err := p.State()
		return idleResult{inUse: s.InUse, last: s.Last}, err
	}}, nil
}

// openIdleHint follows logind's idle hint, which some desktops set after
// minutes and others never.
func openIdleHint(ctx context.Context, e env) (source, error) {
	l, err := logind.Watch(ctx, e.changed, nil)
	if err != nil {
		return nil, err
	}
	if s, err := l.State(); err != nil || s.IdleSince.IsZero() {
		l.Close()
		return nil, errors.New("the desktop does not report idle time to logind")
	}
	return watcherSource{end: l.Close, read: func() (result, error) {
		s, err := l.State()
		return idleResult{inUse: !s.Idle, last: s.IdleSince}, err
	}}, nil
}

func openSession(ctx context.Context, e env) (source, error) {
	l, err := logind.Watch(ctx, e.changed, e.sleep.begin)
	if err != nil {
		return nil, err
	}
	return watcherSource{
		read: func() (result, error) {
			s, err := l.State()
			return seatResult{locked: s.Locked, asleep: s.Asleep, elsewhere: !s.Active, woke: s.Woke, awake: s.IdleInhibited, awakeKnown: s.SeesInhibitors}, err
		},
		end: func() {
			e.sleep.release()
			l.Close()
		},
	}, nil
}

func openClock(_ context.Context, e env) (source, error) {
	c, err := kernel.WatchSleep(e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: c.Close, read: func() (result, error) {
		woke, err := c.Woke()
		return wakeResult{woke}, err
	}}, nil
}

func openSavers(ctx context.Context, e env) (source, error) {
	s, err := desktop.WatchSavers(ctx, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: s.Close, read: func() (result, error) {
		active, err := s.Active()
		return lockResult{active}, err
	}}, nil
}

// lockers are programs that lock the screen for as long as they run, and report
// that to nobody.
var lockers = []string{"swaylock", "hyprlock", "waylock", "gtklock", "i3lock", "i3lock-color", "slock", "xlock", "xsecurelock", "xtrlock", "sxlock", "alock", "physlock", "vlock"}

func openLockers(_ context.Context, e env) (source, error) {
	p, err := kernel.WatchPrograms(kernel.HostProc, filepath.SplitList(os.Getenv("PATH")), lockers, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: p.Close, read: func() (result, error) {
		installed, running := p.State()
		return lockerResult{installed, running}, nil
	}}, nil
}

func openInhibitors(ctx context.Context, e env) (source, error) {
	i, err := desktop.WatchInhibitors(ctx, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: i.Close, read: func() (result, error) {
		s, err := i.State()
		r := inhibitResult{awake: s.Unlisted, awakeKnown: s.Present}
		for _, l := range s.List {
			request := call.Inhibitor{Reason: l.Reason}
			if l.Program != "" {
				request.Names = []string{l.Program}
			}
			r.inhibitors = append(r.inhibitors, request)
			r.awake = r.awake || (l.Screen && !request.WebRTC())
		}
		return r, err
	}}, nil
}

func openCameras(_ context.Context, e env) (source, error) {
	return openDevices("camera", false, []string{"/dev"}, func(name string) bool { return strings.HasPrefix(name, "video") }, e)
}

// openSoundCards watches the recording sides of sound cards, for the few
// programs that use them without a sound server.
func openSoundCards(_ context.Context, e env) (source, error) {
	return openDevices("sound card", true, []string{"/dev", "/dev/snd"},
		func(name string) bool { return strings.HasPrefix(name, "pcm") && strings.HasSuffix(name, "c") }, e)
}

func openDevices(what string, record bool, dirs []string, match func(string) bool, e env) (source, error) {
	d, err := kernel.WatchDevices(kernel.HostProc, dirs, match, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: d.Close, read: func() (result, error) {
		devices, holders := d.State()
		r := deviceResult{what: what, devices: devices, record: record, self: os.Getpid()}
		for _, h := range holders {
			r.holders = append(r.holders, call.Process(h))
		}
		return r, nil
	}}, nil
}
