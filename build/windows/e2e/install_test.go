//go:build linux

package e2e

import (
	"debug/pe"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// inPrefix is a path in the prefix's drive C.
func inPrefix(parts ...string) string {
	return filepath.Join(append([]string{os.Getenv("WINEPREFIX"), "drive_c"}, parts...)...)
}

// profile is the folder of Wine's user.
func profile(t *testing.T, parts ...string) string {
	t.Helper()
	local := strings.TrimSpace(wine(t, "cmd", "/c", "echo %LOCALAPPDATA%"))
	rest, ok := strings.CutPrefix(local, `C:\`)
	if !ok {
		t.Fatalf("LOCALAPPDATA is %q", local)
	}
	return filepath.Join(append([]string{inPrefix(strings.Split(rest, `\`)...)}, parts...)...)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// value asks the registry; empty: there is none.
func value(t *testing.T, key, name string) string {
	t.Helper()
	p := start(t, nil, "wine", "reg", "query", key, "/v", name)
	if p.wait() != 0 {
		return ""
	}
	_, v, _ := strings.Cut(p.output(), "REG_SZ")
	return strings.TrimSpace(v)
}

const (
	runKey  = `HKCU\Software\Microsoft\Windows\CurrentVersion\Run`
	goneKey = `HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\heliograph`
)

func TestInstallRunUpdateRemove(t *testing.T) {
	setup := filepath.Join(built, "heliograph-amd64-setup.exe")
	dir := profile(t, "Programs", "heliograph")
	wine(t, setup, "/S")
	for _, f := range []string{"heliograph.exe", "heliograph.com", "uninstall.exe"} {
		if !exists(filepath.Join(dir, f)) {
			t.Errorf("%s is not there", f)
		}
	}
	if v := value(t, runKey, "heliograph"); !strings.HasSuffix(v, `\heliograph.exe" run`) {
		t.Errorf("at sign-in runs %q", v)
	}
	if v := value(t, goneKey, "DisplayVersion"); v != "9.8.7" {
		t.Errorf("installed is version %q", v)
	}
	shortcut := profile(t, "..", "Roaming", "Microsoft", "Windows", "Start Menu", "Programs", "heliograph.lnk")
	if !exists(shortcut) {
		t.Errorf("no %s", shortcut)
	}

	// What is installed runs, and an update while it runs replaces it.
	p := newPerson(t, "1h")
	p.login()
	exe := filepath.Join(dir, "heliograph.exe")
	app := start(t, p.env, "wine", exe, "run", "--config", windows(p.config))
	eventually(t, "a session is set", func() bool { return len(p.emu.self().Sessions) == 1 })
	wineWith(t, p.env, setup, "/S", "/AUTOSTART=0")
	app.wait()
	if v := value(t, runKey, "heliograph"); v != "" {
		t.Errorf("unticked, at sign-in still runs %q", v)
	}

	app = start(t, p.env, "wine", exe, "run", "--config", windows(p.config))
	eventually(t, "it runs again", func() bool { return p.logged("signed in") })
	wineWith(t, p.env, filepath.Join(dir, "uninstall.exe"), "/S", "_?="+`C:\`+strings.ReplaceAll(strings.TrimPrefix(dir, inPrefix()+"/"), "/", `\`))
	app.wait()
	for _, f := range []string{filepath.Join(dir, "heliograph.exe"), filepath.Join(dir, "heliograph.com"), shortcut} {
		if exists(f) {
			t.Errorf("%s is left", f)
		}
	}
	for _, name := range []string{"DisplayName", "UninstallString"} {
		if v := value(t, goneKey, name); v != "" {
			t.Errorf("%s is left: %q", name, v)
		}
	}
	// Silently removed, the sign-in stays in the Credential Manager.
	p.tray()
	if !within(patience, func() bool { return p.logged("signed in") }) {
		t.Error("the sign-in is gone")
	}
}

// TestWhatIsBuilt looks at the files as Windows does.
func TestWhatIsBuilt(t *testing.T) {
	for file, subsystem := range map[string]uint16{"heliograph-amd64.exe": pe.IMAGE_SUBSYSTEM_WINDOWS_GUI, "heliograph-amd64.com": pe.IMAGE_SUBSYSTEM_WINDOWS_CUI} {
		f, err := pe.Open(filepath.Join(built, file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if h, ok := f.OptionalHeader.(*pe.OptionalHeader64); !ok || h.Subsystem != subsystem {
			t.Errorf("%s has another subsystem", file)
		}
		res := f.Section(".rsrc")
		if res == nil {
			t.Fatalf("%s has no icon and version", file)
		}
		raw, err := res.Data()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"PerMonitorV2", "asInvoker", "9\x00.\x008\x00.\x007\x00", "\x89PNG"} {
			if !strings.Contains(strings.ReplaceAll(string(raw), "permonitorv2", "PerMonitorV2"), want) {
				t.Errorf("%s lacks %q", file, want)
			}
		}
	}
	out, err := exec.Command("osslsigncode", "verify", "-in", filepath.Join(built, "heliograph-amd64-setup.exe")).CombinedOutput()
	if !strings.Contains(string(out), "heliograph throw-away") { // whom nobody trusts
		t.Errorf("the installer's signature: %v: %s", err, out)
	}
}
