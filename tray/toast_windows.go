package tray

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/gen2brain/beeep"
	"golang.org/x/sys/windows/registry"
)

// appID is the program's identity for Windows: without one of its own in the
// registry, toasts carry a stand-in's name and no icon. An uninstaller removes
// the key.
//
// Source: https://learn.microsoft.com/windows/apps/design/shell/tiles-and-notifications/send-local-toast-other-apps
const (
	appID    = "heliograph"
	appIDKey = `Software\Classes\AppUserModelId\` + appID
)

// toastClass is what shows toasts since Windows 10. Where it is missing, as in
// Wine, beeep would go astray over it.
const toastClass = `SOFTWARE\Microsoft\WindowsRuntime\ActivatableClassId\Windows.UI.Notifications.ToastNotificationManager`

// errNoToasts means that Windows has no toasts.
var errNoToasts = errors.New("this Windows has no toasts")

// sender shows toasts through beeep, which has neither buttons nor a way to
// take an earlier toast's place.
type sender struct {
	once sync.Once
	err  error
}

// send ignores ctx: the library takes none, and Windows answers at once.
func (s *sender) send(_ context.Context, t *Toaster, n Toast) error {
	s.once.Do(func() { s.err = register(t.name, t.icon) })
	if s.err != nil {
		return s.err
	}
	beeep.AppName = appID
	if err := beeep.Notify(n.Title, n.Body, t.icon); err != nil {
		return fmt.Errorf("the notice was not shown: %w", err)
	}
	return nil
}

// register tells Windows the program's name and icon.
func register(name string, icon []byte) error {
	path, err := keepIcon(icon)
	if err != nil {
		return fmt.Errorf("the icon of notices: %w", err)
	}
	k, _, err := registry.CreateKey(registry.CURRENT_USER, appIDKey, registry.SET_VALUE)
	if err != nil {
		return fmt.Errorf("the name of notices: %w", err)
	}
	defer k.Close()
	if err := errors.Join(k.SetStringValue("DisplayName", name), k.SetStringValue("IconUri", path)); err != nil {
		return fmt.Errorf("the name of notices: %w", err)
	}
	class, err := registry.OpenKey(registry.LOCAL_MACHINE, toastClass, registry.QUERY_VALUE)
	if err != nil {
		return errNoToasts
	}
	return class.Close()
}

// keepIcon writes the icon where it stays: Windows reads it when it shows a
// toast, and again in its list of them.
func keepIcon(icon []byte) (string, error) {
	dir, err := os.UserCacheDir() // %LocalAppData%
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "heliograph", "heliograph.png")
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, icon) {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, icon, 0o600)
}

func (*sender) close() {}
