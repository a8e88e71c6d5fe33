//go:build linux

package e2e

import (
	"debug/pe"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// inPrefix returns a path in the prefix's drive C.
func inPrefix(parts ...string) string {
	return filepath.Join(append([]string{os.Getenv("WINEPREFIX"), "drive_c"}, parts...)...)
}

// profile returns the folder of Wine's user.
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

// value reads the registry; empty: there is none.
func value(t *testing.T, key, name string) string {
	t.Helper()
	p := start(t, nil, "wine", "reg", "query", key, "/v", name)
	if p.Wait() != 0 {
		return ""
	}
	_, v, _ := strings.Cut(p.Output(), "REG_SZ")
	return strings.TrimSpace(v)
}

const (
	runKey       = `HKCU\Software\Microsoft\Windows\CurrentVersion\Run`
	uninstallKey = `HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\heliograph`
)

func TestInstallRunUpdateRemove(t *testing.T) {
	setup := filepath.Join(built, setupProgram)
	dir := profile(t, "Programs", "heliograph")
	wine(t, setup, "/S")
	for _, f := range []string{"heliograph.exe", "heliograph.com", "uninstall.exe"} {
		if !exists(filepath.Join(dir, f)) {
			t.Errorf("%s is missing", f)
		}
	}
	if v := value(t, runKey, "heliograph"); !strings.HasSuffix(v, `\heliograph.exe" run`) {
		t.Errorf("the Run key holds %q", v)
	}
	if v := value(t, uninstallKey, "DisplayVersion"); v != "9.8.7" {
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
	app := start(t, p.Env, "wine", exe, "run", "--config", windows(p.Config))
	wait.Until(t, "a session is set", func() bool { return len(p.Emu.Self().Sessions) == 1 })
	wineWith(t, p.Env, setup, "/S", "/AUTOSTART=0")
	app.Wait()
	if v := value(t, runKey, "heliograph"); v != "" {
		t.Errorf("without the option the Run key still holds %q", v)
	}

	app = start(t, p.Env, "wine", exe, "run", "--config", windows(p.Config))
	wait.Until(t, "it runs again", func() bool { return p.logged("signed in") })
	wineWith(t, p.Env, filepath.Join(dir, "uninstall.exe"), "/S", "_?="+`C:\`+strings.ReplaceAll(strings.TrimPrefix(dir, inPrefix()+"/"), "/", `\`))
	app.Wait()
	for _, f := range []string{filepath.Join(dir, "heliograph.exe"), filepath.Join(dir, "heliograph.com"), shortcut} {
		if exists(f) {
			t.Errorf("%s is left", f)
		}
	}
	for _, name := range []string{"DisplayName", "UninstallString"} {
		if v := value(t, uninstallKey, name); v != "" {
			t.Errorf("%s is left: %q", name, v)
		}
	}
	// A silent removal leaves the sign-in in the Credential Manager.
	p.tray()
	if !wait.Within(wait.Patience, func() bool { return p.logged("signed in") }) {
		t.Error("the sign-in is gone")
	}
}

// TestCommandThatStillRuns: the installer and the uninstaller end a command in a
// shell, which is a program of its own.
func TestCommandThatStillRuns(t *testing.T) {
	setup := filepath.Join(built, setupProgram)
	dir := profile(t, "Programs", "heliograph")
	wine(t, setup, "/S")
	command := func() *lab.Process {
		t.Helper()
		c := start(t, nil, "wine", filepath.Join(dir, "heliograph.com"), "emulate", "--listen", "127.0.0.1:0")
		wait.Until(t, "the command runs", func() bool { return strings.Contains(c.Output(), "Emulating") })
		return c
	}
	c := command()
	wine(t, setup, "/S")
	c.Wait()
	c = command()
	wine(t, filepath.Join(dir, "uninstall.exe"), "/S", "_?="+`C:\`+strings.ReplaceAll(strings.TrimPrefix(dir, inPrefix()+"/"), "/", `\`))
	c.Wait()
	if exists(filepath.Join(dir, "heliograph.com")) {
		t.Error("heliograph.com is left")
	}
}

// TestWhatIsBuilt reads the files as Windows does.
func TestWhatIsBuilt(t *testing.T) {
	for file, subsystem := range map[string]uint16{trayProgram: pe.IMAGE_SUBSYSTEM_WINDOWS_GUI, consoleProgram: pe.IMAGE_SUBSYSTEM_WINDOWS_CUI} {
		f, err := pe.Open(filepath.Join(built, file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if h, ok := f.OptionalHeader.(*pe.OptionalHeader64); !ok || h.Subsystem != subsystem {
			t.Errorf("%s has another subsystem", file)
		}
		res := f.Section(".rsrc") // icon, version and manifest
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
	out, err := exec.Command("osslsigncode", "verify", "-in", filepath.Join(built, setupProgram)).CombinedOutput()
	if !strings.Contains(string(out), "heliograph throw-away") { // a certificate that nobody trusts
		t.Errorf("the installer's signature: %v: %s", err, out)
	}
}
