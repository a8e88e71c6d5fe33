package detect

import (
	"context"
	"os"

	"heliograph/detect/coreaudio"
	"heliograph/detect/macos"
)

func openMacInput(ctx context.Context, e env) (source, error) {
	w, err := macos.WatchInput(ctx, e.settle, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: w.Close, read: func() (result, error) {
		i, err := w.Input()
		return idleResult{inUse: i.Active, last: i.Last}, err
	}}, nil
}

func openMacSession(ctx context.Context, e env) (source, error) {
	w, err := macos.WatchSession(ctx, e.changed, e.sleep.begin)
	if err != nil {
		return nil, err
	}
	return watcherSource{
		read: func() (result, error) {
			s, err := w.State()
			return seatResult{locked: s.Locked, asleep: s.Asleep, elsewhere: s.Background, woke: s.Woke}, err
		},
		end: func() {
			e.sleep.release()
			w.Close()
		},
	}, nil
}

func openCoreAudio(ctx context.Context, e env) (source, error) {
	w, err := coreaudio.Watch(ctx, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: w.Close, read: func() (result, error) {
		p, err := w.Processes()
		return macSound(p, macos.ProcessPath, os.Getpid()), err
	}}, nil
}

func openPowerAssertions(ctx context.Context, e env) (source, error) {
	w, err := macos.WatchAssertions(ctx, e.changed)
	if err != nil {
		return nil, err
	}
	return watcherSource{end: w.Close, read: func() (result, error) {
		a, err := w.Assertions()
		return macInhibitors(a, macos.ProcessPath), err
	}}, nil
}
