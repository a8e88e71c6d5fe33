package tray

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// shade tells whether the taskbar is dark, as it is unless a person chose
// otherwise.
type shade struct {
	light atomic.Bool
	ch    chan struct{}
}

// The setting of the taskbar's colour; the one of programs stands beside it.
//
// Source: undocumented, but every Windows since 10 1903 keeps it
const (
	themeKey   = `Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`
	themeValue = "SystemUsesLightTheme"
)

// watchShade reads the setting and follows it until ctx ends.
func watchShade(ctx context.Context) (*shade, error) {
	s := &shade{ch: make(chan struct{}, 1)}
	key, err := registry.OpenKey(registry.CURRENT_USER, themeKey, registry.QUERY_VALUE|registry.NOTIFY)
	if err != nil {
		return s, fmt.Errorf("the taskbar's colour is not set: %w", err)
	}
	stop, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		key.Close()
		return s, err
	}
	started := make(chan error)
	done := make(chan struct{})
	go s.follow(key, stop, started, done)
	context.AfterFunc(ctx, func() {
		_ = windows.SetEvent(stop) // fails for a closed handle only
		<-done
		windows.CloseHandle(stop)
		key.Close()
	})
	return s, <-started
}

// follow asks for the next notice before it reads, so that none is missed. The
// request lives as long as its thread.
func (s *shade) follow(key registry.Key, stop windows.Handle, started chan<- error, done chan<- struct{}) {
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
			s.light.Store(light)
			started <- err
		} else if s.light.Swap(light) != light {
			select {
			case s.ch <- struct{}{}:
			default:
			}
		}
		if err != nil {
			return
		}
		if n, err := windows.WaitForMultipleObjects([]windows.Handle{stop, changed}, false, windows.INFINITE); err != nil || n == windows.WAIT_OBJECT_0 {
			return
		}
	}
}

func (s *shade) dark() bool               { return !s.light.Load() }
func (s *shade) changed() <-chan struct{} { return s.ch }
