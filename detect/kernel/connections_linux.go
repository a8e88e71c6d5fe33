package kernel

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Connection says whether a process talks over UDP, as calls do.
type Connection struct {
	Process
	UDP bool
}

// Connections lists the processes with one of the names that the kernel has for
// them, except those whose sockets cannot be seen.
func (p Proc) Connections(comms ...string) []Connection {
	var out []Connection
	for _, pid := range p.pids() {
		if !slices.Contains(comms, p.comm(pid)) {
			continue
		}
		if udp, ok := p.hasUDP(pid); ok {
			out = append(out, Connection{Process{pid, p.Family(pid)}, udp})
		}
	}
	return out
}

// hasUDP reports whether the process has a UDP socket; ok is false where that
// cannot be seen.
//
// Source: https://man7.org/linux/man-pages/man5/proc_net.5.html
func (p Proc) hasUDP(pid int) (udp, ok bool) {
	sockets := map[string]bool{}
	for _, name := range []string{"udp", "udp6"} {
		b, err := os.ReadFile(filepath.Join(p.dir(pid), "net", name))
		if err != nil {
			continue
		}
		ok = true
		for line := range strings.Lines(string(b)) {
			const inode = 9 // field
			if f := strings.Fields(line); len(f) > inode {
				sockets["socket:["+f[inode]+"]"] = true
			}
		}
	}
	files, visible := p.openFiles(pid)
	return slices.ContainsFunc(files, func(target string) bool { return sockets[target] }), ok && visible
}
