package tray

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"heliograph/detect/latest"
)

// theme knows whether the taskbar is dark, as it is by default.
type theme struct {
	light atomic.Bool
	ch    chan struct{}
}

// The setting of the taskbar's colour. The one for the windows of programs is
// another value of the same key.
//
// Source: undocumented; every Windows since 10 1903 has it.
const (
	themeKey   = `Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`
	themeValue = "SystemUsesLightTheme"
)

// watchTheme reads the setting and follows it until ctx ends. The theme that it
// returns with an error is dark.
func watchTheme(ctx context.Context) (*theme, error) {
	t := &theme{ch: make(chan struct{}, 1)}
	key, err := registry.OpenKey(registry.CURRENT_USER, themeKey, registry.QUERY_VALUE|registry.NOTIFY)
	if err != nil {
		return t, fmt.Errorf("the taskbar's colour is not readable: %w", err)
	}
	stop, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		key.Close()
		return t, err
	}
	started := make(chan error)
	done := make(chan struct{})
	go t.follow(key, stop, started, done)
	context.AfterFunc(ctx, func() {
		_ = windows.SetEvent(stop) // fails for a closed handle only
		<-done
		windows.CloseHandle(stop)
		key.Close()
	})
	return t, <-started
}

// follow asks for a notification before it reads the setting, so that it misses
// no change. The request lives as long as the thread that made it.
func (t *theme) follow(key registry.Key, stop windows.Handle, started chan<- error, done chan<- struct{}) {
	defer close(done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	changed, err := windows.CreateEvent(nil, 0, 0, nil)
	if err != nil {
		started <- err
		return
	}
	defer windows.CloseHandle(changed)
	for first := true; ; first = false {
		err := windows.RegNotifyChangeKeyValue(windows.Handle(key), false, windows.REG_NOTIFY_CHANGE_LAST_SET, changed, true)
		n, _, readErr := key.GetIntegerValue(themeValue)
		light := readErr == nil && n == 1
		if first {
			t.light.Store(light)
			started <- err
		} else if t.light.Swap(light) != light {
			latest.Notify(t.ch)
		}
		if err != nil {
			return
		}
		if n, err := windows.WaitForMultipleObjects([]windows.Handle{stop, changed}, false, windows.INFINITE); err != nil || n == windows.WAIT_OBJECT_0 {
			return
		}
	}
}

func (t *theme) dark() bool { return !t.light.Load() }

// changed delivers a value after dark has changed.
func (t *theme) changed() <-chan struct{} { return t.ch }
