package detect

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// familyDepth is how far up a program may sit above the process that records:
// Electron programs record in a helper of a helper.
const familyDepth = 4

// family lists names of a process and its parents: its Flatpak id first, then
// executables. Names of processes that are no one program's end the climb.
func family(pid int) []string {
	var names []string
	for range familyDepth {
		if pid <= 1 {
			break
		}
		dir := filepath.Join("/proc", strconv.Itoa(pid))
		if id := flatpakID(dir); id != "" {
			return append([]string{id}, names...)
		}
		name := executable(dir)
		if name == "" || shared[name] {
			break
		}
		names = append(names, name)
		pid = parent(dir)
	}
	return names
}

// shared processes start programs of all kinds.
var shared = map[string]bool{"systemd": true, "init": true, "sh": true, "bash": true, "dash": true, "zsh": true, "fish": true, "login": true, "sshd": true,
	"tmux": true, "screen": true, "gnome-shell": true, "plasmashell": true, "kwin_wayland": true, "xfce4-session": true, "xfce4-panel": true,
	"gnome-session-binary": true, "sway": true, "python3": true, "xterm": true, "gnome-terminal-server": true, "konsole": true}

// executable is the base name of what the process runs, or the name it gives
// itself where the link cannot be read.
func executable(dir string) string {
	if path, err := os.Readlink(filepath.Join(dir, "exe")); err == nil {
		return filepath.Base(strings.TrimSuffix(path, " (deleted)"))
	}
	comm, err := os.ReadFile(filepath.Join(dir, "comm"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(comm))
}

// parent reads the fourth field of stat, counted from behind the name, which
// may hold anything.
func parent(dir string) int {
	b, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	pid, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return 0
	}
	return pid
}

// flatpakID reads the id that Flatpak puts into a sandbox's root.
//
// Source: https://docs.flatpak.org/en/latest/flatpak-command-reference.html#flatpak-metadata
func flatpakID(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, "root", ".flatpak-info"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "name="); ok {
			return id
		}
	}
	return ""
}
