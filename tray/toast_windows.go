package tray

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"git.sr.ht/~jackmordaunt/go-toast/wintoast"
	"github.com/gen2brain/beeep"
	"golang.org/x/sys/windows/registry"

	"heliograph/tray/atomicfile"
	"heliograph/tray/folders"
)

// appID is the program's identity for Windows. Without one in the registry,
// toasts carry the name of another program and no icon. The uninstaller removes
// the key.
//
// Source: https://learn.microsoft.com/windows/apps/design/shell/tiles-and-notifications/send-local-toast-other-apps
const (
	appID    = "heliograph"
	appIDKey = `Software\Classes\AppUserModelId\` + appID
	// activator is the class that Windows looks for when a toast is clicked. It
	// is of no other program: by default all programs with go-toast share one.
	activator = "{AF4EAA7A-B255-49A0-A0A9-178CD0F47254}"
)

// toastClass is the system's class that shows toasts since Windows 10. Where it
// is missing, as in Wine, beeep is not called.
const toastClass = `SOFTWARE\Microsoft\WindowsRuntime\ActivatableClassId\Windows.UI.Notifications.ToastNotificationManager`

// errNoToasts means that Windows has no toasts.
var errNoToasts = errors.New("this Windows has no toasts")

// sender shows toasts through beeep, under the program's own identity.
type sender struct {
	name string
	icon []byte
	once sync.Once
	err  error // why the identity could not be registered
}

func newSender(name string, icon []byte) *sender {
	beeep.AppName = appID
	return &sender{name: name, icon: icon}
}

func (s *sender) send(ctx context.Context, n Toast) error {
	s.once.Do(func() { s.err = register(s.name, s.icon) })
	if s.err != nil {
		return s.err
	}
	return beep(ctx, n, s.icon)
}

func (*sender) close() {}

// register sets the program's name and icon for its toasts.
func register(name string, icon []byte) error {
	path, err := ensureIcon(icon)
	if err != nil {
		return fmt.Errorf("the icon of toasts was not written: %w", err)
	}
	// It writes a name too, so it comes first.
	if err := wintoast.SetAppData(wintoast.AppData{AppID: appID, GUID: activator}); err != nil {
		return fmt.Errorf("the class of toasts was not registered: %w", err)
	}
	k, _, err := registry.CreateKey(registry.CURRENT_USER, appIDKey, registry.SET_VALUE)
	if err != nil {
		return fmt.Errorf("the name of toasts was not registered: %w", err)
	}
	defer k.Close()
	if err := errors.Join(k.SetStringValue("DisplayName", name), k.SetStringValue("IconUri", path)); err != nil {
		return fmt.Errorf("the name of toasts was not registered: %w", err)
	}
	class, err := registry.OpenKey(registry.LOCAL_MACHINE, toastClass, registry.QUERY_VALUE)
	if err != nil {
		return errNoToasts
	}
	return class.Close()
}

// ensureIcon writes the icon to a file that stays, and returns its path:
// Windows reads it with each toast, and again for its list of toasts.
func ensureIcon(icon []byte) (string, error) {
	dir, err := folders.State()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "heliograph.png") // the uninstaller removes it
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, icon) {
		return path, nil
	}
	return path, atomicfile.Write(path, icon, 0o600)
}
