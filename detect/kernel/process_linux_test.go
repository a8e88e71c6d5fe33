package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// process writes what /proc shows of one process.
func (p Proc) process(t *testing.T, pid, parent int, exe, cmdline, cgroup, flatpak string) {
	t.Helper()
	dir := p.dir(pid)
	name := filepath.Base(exe)
	comm := name[:min(15, len(name))]
	write := func(file, text string) {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("comm", comm+"\n")
	write("stat", fmt.Sprintf("%d (%s) S %d 1 1 0 -1", pid, comm+") R 7 (", parent))
	write("cmdline", cmdline)
	write("cgroup", "0::"+cgroup+"\n")
	if flatpak != "" {
		write("root/.flatpak-info", "[Application]\nname="+flatpak+"\n")
	}
	if filepath.IsAbs(exe) {
		if err := os.Symlink(exe, filepath.Join(dir, "exe")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFamily(t *testing.T) {
	p := Proc(t.TempDir())
	p.process(t, 10, 1, "/usr/bin/bash", "", "/", "")
	p.process(t, 11, 10, "/usr/lib/slack/slack", "", "/", "")
	p.process(t, 12, 11, "/usr/lib/slack/chrome_crashpad_handler", "", "/", "")
	p.process(t, 13, 12, "/usr/lib/slack/slack (deleted)", "", "/", "")
	p.process(t, 20, 11, "/usr/bin/audacity", "", "/", "")
	p.process(t, 30, 1, "/opt/Webex/bin/CiscoCollabHost", "", "/", "")
	p.process(t, 31, 30, "/opt/Webex/bin/sub/helper", "", "/", "")
	p.process(t, 40, 1, "/app/bin/whatever", "", "/", "us.zoom.Zoom")
	p.process(t, 41, 40, "/app/extra/helper", "", "/", "us.zoom.Zoom")
	p.process(t, 50, 10, "/usr/bin/python3.11", "python3\x00-u\x00/usr/bin/gajim\x00", "/user.slice/app-gnome-org.gajim.Gajim-123.scope", "")
	p.process(t, 51, 10, "/usr/lib/electron34/electron", "/usr/lib/electron34/electron\x00/usr/lib/teams-for-linux/app.asar\x00", "/", "")
	p.process(t, 52, 51, "/usr/lib/electron34/electron", "/usr/lib/electron34/electron\x00--type=utility\x00", "/user.slice/app-teams\\x2dfor\\x2dlinux@1f.service", "")
	p.process(t, 53, 1, "/usr/bin/python3.11", "python3\x00-c\x00print(1)\x00", "/", "")
	p.process(t, 60, 1, "/usr/bin/wine64-preloader", "C:\\Zoom.exe\x00", "/", "")
	if err := os.WriteFile(filepath.Join(p.dir(60), "comm"), []byte("Zoom.exe\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.process(t, 70, 1, "/snap/chromium/3000/usr/lib/chromium-browser/chrome", "", "/user.slice/snap.chromium.chromium-abc.scope", "")
	p.process(t, 80, 80, "/opt/loop/loop", "", "/", "")
	p.process(t, 90, 1, "a-name-without-a-link", "", "/", "")
	for _, c := range []struct {
		name string
		pid  int
		want []string
	}{
		{"helpers", 13, []string{"slack", "chrome_crashpad_handler", "slack"}},
		{"started-by-slack", 20, []string{"audacity"}},
		{"subfolder", 31, []string{"helper", "CiscoCollabHost"}},
		{"flatpak", 41, []string{"us.zoom.Zoom"}},
		{"python", 50, []string{"gajim", "org.gajim.Gajim", "python3.11"}},
		{"code on the command line", 53, []string{"python3.11"}},
		{"electron", 51, []string{"teams-for-linux", "electron"}},
		{"electron-helper", 52, []string{"teams-for-linux", "electron", "teams-for-linux", "electron"}},
		{"wine", 60, []string{"Zoom.exe", "wine64-preloader"}},
		{"snap", 70, []string{"chromium", "chrome"}},
		{"loop", 80, []string{"loop", "loop", "loop", "loop"}},
		{"no-link", 90, []string{"a-name-without-"}},
		{"gone", 12345, nil},
		{"none", 0, nil},
		{"init", 1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := p.Family(c.pid); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A pid that counts inside a sandbox is another process outside.
func TestFamilyOfASandboxedPid(t *testing.T) {
	p := Proc(t.TempDir())
	p.process(t, 7, 1, "/opt/zoom/zoom", "", "/", "")
	p.process(t, 8, 1, "a-name-without-a-link", "", "/", "")
	if got := p.FamilyOf(7, "audacity"); got != nil {
		t.Errorf("audacity's pid 7 is taken for %q", got)
	}
	if got := p.FamilyOf(7, "zoom"); !slices.Equal(got, []string{"zoom"}) {
		t.Errorf("zoom is %q", got)
	}
	if got := p.FamilyOf(8, "a-name-without-a-link"); len(got) != 1 {
		t.Errorf("a cut name is %q", got)
	}
}

func FuzzScope(f *testing.F) {
	for _, s := range []string{"app-gnome-x-1.scope", "app-x@1.service", "app-.scope", "app--.service", "snap..", "snap.", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, unit string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "cgroup"), []byte("0::/"+unit), 0o600); err != nil {
			t.Fatal(err)
		}
		// The law: an id is a part of the unit's name and never the whole path.
		if id := scopeID(dir); filepath.Base(id) != id && id != "" {
			t.Errorf("%q of %q", id, unit)
		}
		snapName(dir)
	})
}
