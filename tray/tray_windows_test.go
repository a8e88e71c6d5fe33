package tray

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/windows/registry"
)

// TestThemeFollowsTheTaskbar changes the setting as the Settings app does, and
// restores it.
func TestThemeFollowsTheTaskbar(t *testing.T) {
	k, _, err := registry.CreateKey(registry.CURRENT_USER, themeKey, registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	was, _, wasErr := k.GetIntegerValue(themeValue)
	t.Cleanup(func() {
		if wasErr == nil {
			err = k.SetDWordValue(themeValue, uint32(was))
		} else {
			err = k.DeleteValue(themeValue)
		}
		if err != nil {
			t.Error(err)
		}
		k.Close()
	})
	set := func(n uint32) {
		t.Helper()
		if err := k.SetDWordValue(themeValue, n); err != nil {
			t.Fatal(err)
		}
	}
	set(0)
	theme, err := watchTheme(t.Context())
	if err != nil || !theme.dark() {
		t.Fatalf("dark is %v, %v", theme.dark(), err)
	}
	for _, light := range []uint32{1, 0, 1} {
		set(light)
		select {
		case <-theme.changed():
		case <-time.After(10 * time.Second):
			t.Fatal("the change was not delivered")
		}
		if theme.dark() == (light == 1) {
			t.Errorf("dark is %v with %d", theme.dark(), light)
		}
	}
}

// TestToastsCarryOurName: name and icon are registered, and the icon's file
// stays.
func TestToastsCarryOurName(t *testing.T) {
	t.Cleanup(func() { _ = registry.DeleteKey(registry.CURRENT_USER, appIDKey) })
	for range 2 {
		if err := register("heliograph", []byte("png")); err != nil && !errors.Is(err, errNoToasts) {
			t.Fatal(err)
		}
	}
	k, err := registry.OpenKey(registry.CURRENT_USER, appIDKey, registry.QUERY_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if name, _, err := k.GetStringValue("DisplayName"); err != nil || name != "heliograph" {
		t.Errorf("name %q, %v", name, err)
	}
	if class, _, err := k.GetStringValue("CustomActivator"); err != nil || class != activator || class == "{0F82E845-CB89-4039-BDBF-67CA33254C76}" {
		t.Errorf("class %q, %v: go-toast's own is shared with other programs", class, err)
	}
	path, _, err := k.GetStringValue("IconUri")
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "png" {
		t.Errorf("icon %q, %v", raw, err)
	}
}
