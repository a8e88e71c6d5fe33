package kernel

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// familyDepth is how many generations above the process that records a program
// is looked for: Electron programs record in a helper of a helper.
const familyDepth = 4

// Proc is a mounted /proc.
type Proc string

// HostProc is the one of this computer.
const HostProc = Proc("/proc")

// Process is a process with the names of its program.
type Process struct {
	PID   int
	Names []string // as Proc.Family returns them
}

func (p Proc) dir(pid int) string { return filepath.Join(string(p), strconv.Itoa(pid)) }

// pids lists all processes.
func (p Proc) pids() []int {
	entries, err := os.ReadDir(string(p))
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// comm returns the name that the kernel has for a process, cut to maxComm
// bytes.
func (p Proc) comm(pid int) string { return readLine(filepath.Join(p.dir(pid), "comm")) }

// openFiles lists the targets of a process's file descriptors; ok is false for
// another user's process.
func (p Proc) openFiles(pid int) (targets []string, ok bool) {
	dir := filepath.Join(p.dir(pid), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, false
	}
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			targets = append(targets, target)
		}
	}
	return targets, true
}

// Family lists names of a process and of those parents that belong to the same
// program, the most reliable first: executables, Flatpak and Snap ids, and what
// an interpreter runs. A parent that merely started the program, such as a
// shell, a panel or a browser, does not belong to it.
func (p Proc) Family(pid int) []string {
	var names []string
	below := ""
	for range familyDepth {
		if pid <= 1 {
			break
		}
		dir := p.dir(pid)
		if id := flatpakID(dir); id != "" {
			return append([]string{id}, names...)
		}
		path := executable(dir)
		if path == "" || (below != "" && !sameProgram(below, path)) {
			break
		}
		names = append(names, namesOf(dir, path)...)
		below, pid = path, parent(dir)
	}
	return names
}

// namesOf names one process. What an interpreter runs is more reliable than the
// interpreter.
func namesOf(dir, path string) []string {
	name := filepath.Base(path)
	if !isInterpreter(name) {
		return nonEmpty(snapName(dir), name)
	}
	return nonEmpty(snapName(dir), interpreted(dir), scopeID(dir), name)
}

// sameProgram reports whether two processes run files of one installation: the
// same file, or files of one folder that is the program's own.
func sameProgram(a, b string) bool {
	if a == b {
		return true
	}
	da, db := filepath.Dir(a), filepath.Dir(b)
	return !isShared(da) && !isShared(db) && (da == db || strings.HasPrefix(da, db+"/") || strings.HasPrefix(db, da+"/"))
}

// isShared reports a folder that holds all kinds of programs.
func isShared(dir string) bool {
	switch dir {
	case ".", "/", "/usr", "/opt", "/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/local", "/snap", "/home", "/tmp":
		return true
	}
	switch base := filepath.Base(dir); base {
	case "bin", "sbin":
		return !strings.HasPrefix(dir, "/opt/")
	default:
		return strings.HasPrefix(dir, "/usr/lib/") && strings.Contains(base, "-linux-")
	}
}

// isInterpreter reports a file that runs programs of all kinds: python3.11,
// electron34, wine64-preloader.
func isInterpreter(name string) bool {
	for _, p := range []string{"python", "electron", "node", "java", "perl", "ruby", "bash", "dash", "sh", "mono"} {
		if rest, ok := strings.CutPrefix(name, p); ok && strings.Trim(rest, "0123456789.-") == "" {
			return true
		}
	}
	return strings.HasPrefix(name, "wine") || strings.HasPrefix(name, "ld-linux")
}

// interpreted returns the name of what an interpreter runs: the first argument
// that is not an option, or the name that Wine gives the process. Code on the
// command line gives none.
func interpreted(dir string) string {
	comm := readLine(filepath.Join(dir, "comm"))
	if strings.HasSuffix(strings.ToLower(comm), ".exe") {
		return comm
	}
	b, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil {
		return ""
	}
	args := strings.Split(strings.TrimRight(string(b), "\x00"), "\x00")
	for _, a := range args[1:] {
		if a == "-c" || a == "-e" {
			return ""
		}
		if a == "" || strings.HasPrefix(a, "-") {
			continue
		}
		// Electron gets the archive of a program as its argument; the folder of that
		// has the name.
		if base := filepath.Base(a); base != "app.asar" && base != "app" && base != "resources" {
			return strings.TrimSuffix(strings.TrimSuffix(base, ".py"), ".asar")
		}
		a = filepath.Dir(a)
		if filepath.Base(a) == "resources" {
			a = filepath.Dir(a)
		}
		return filepath.Base(a)
	}
	return ""
}

// snapName returns the snap that a process belongs to.
//
// Source: https://snapcraft.io/docs/security-policies (cgroup names)
func snapName(dir string) string {
	_, rest, ok := strings.Cut(cgroup(dir), "snap.")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, ".")
	return name
}

// scopeID returns the application id that the desktop gave the process's scope:
// app[-DESKTOP]-ID-RANDOM.scope, or app[-DESKTOP]-ID@RANDOM.service.
//
// Source: https://systemd.io/DESKTOP_ENVIRONMENTS
func scopeID(dir string) string {
	unit := filepath.Base(cgroup(dir))
	rest, ok := strings.CutPrefix(unit, "app-")
	if !ok {
		return ""
	}
	switch {
	case strings.HasSuffix(rest, ".scope"):
		i := strings.LastIndexByte(rest, '-')
		rest = rest[:max(0, i)]
	case strings.HasSuffix(rest, ".service"):
		rest = strings.TrimSuffix(rest, ".service")
		rest, _, _ = strings.Cut(rest, "@")
	default:
		return ""
	}
	if i := strings.LastIndexByte(rest, '-'); i >= 0 {
		rest = rest[i+1:] // a dash inside an id is written \x2d
	}
	return strings.ReplaceAll(rest, `\x2d`, "-")
}

// cgroup returns the process's path in the unified hierarchy.
func cgroup(dir string) string {
	return textAfter(filepath.Join(dir, "cgroup"), "0::")
}

// textAfter returns what follows a prefix in the first line of a file that begins
// with it; empty if there is none.
func textAfter(path, prefix string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), prefix); ok {
			return value
		}
	}
	return ""
}

// executable returns the file that the process runs, or its name where the link
// cannot be read: for other users' and protected processes.
func executable(dir string) string {
	if path, err := os.Readlink(filepath.Join(dir, "exe")); err == nil {
		return strings.TrimSuffix(path, " (deleted)")
	}
	return readLine(filepath.Join(dir, "comm"))
}

// FamilyOf does what Family does, for a process that is said to run a binary
// (empty: not said). A program in a sandbox knows its process by another number
// than we do: if the process with that number runs something else, there is no
// family.
func (p Proc) FamilyOf(pid int, binary string) []string {
	name := filepath.Base(executable(p.dir(pid)))
	if binary != "" && name != binary && (len(name) != maxComm || !strings.HasPrefix(binary, name)) {
		return nil
	}
	return p.Family(pid)
}

func readLine(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// parent reads the fourth field of stat. It begins behind the name, which may
// contain anything.
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
	return textAfter(filepath.Join(dir, "root", ".flatpak-info"), "name=")
}

func nonEmpty(values ...string) []string {
	return slices.DeleteFunc(values, func(v string) bool { return v == "" })
}
