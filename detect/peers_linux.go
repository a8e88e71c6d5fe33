package detect

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"heliograph/detect/call"
)

// Some programs play whenever they record, or record whenever they are open,
// so that streams prove no call. What does is a UDP socket of the process that
// speaks to the other side, by the kernel's name for it:
//
//   - Firefox has a process for that alone; the rest of its network is in the
//     parent. Seen with Firefox ESR 153 (Debian): none while a page records,
//     several during an RTCPeerConnection;
//     https://firefox-source-docs.mozilla.org/networking/http/socket_process.html
//   - Mumble 1.3 records and plays as soon as it is open; its socket is made
//     when it connects to a server.
var peerProcesses = []string{"Socket Process", "mumble"}

// peerLook is how often that is looked up, only while such a program
// records: nothing tells a user when a socket is made.
const peerLook = 2 * time.Second

// peers lists those processes, and whether they are connected.
func (p procfs) peers() []call.Peer {
	dirs, err := os.ReadDir(string(p))
	if err != nil {
		return nil
	}
	var out []call.Peer
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil || !slices.Contains(peerProcesses, readLine(filepath.Join(p.dir(pid), "comm"))) {
			continue
		}
		if udp, ok := p.speaksUDP(pid); ok {
			out = append(out, call.Peer{Names: p.family(pid), Connected: udp})
		}
	}
	return out
}

// speaksUDP reports whether the process has a UDP socket; ok is false where
// that cannot be seen.
func (p procfs) speaksUDP(pid int) (udp, ok bool) {
	fds, err := os.ReadDir(filepath.Join(p.dir(pid), "fd"))
	if err != nil {
		return false, false
	}
	sockets := map[string]bool{}
	for _, name := range []string{"udp", "udp6"} {
		b, err := os.ReadFile(filepath.Join(p.dir(pid), "net", name))
		if err != nil {
			continue
		}
		ok = true
		for line := range strings.Lines(string(b)) {
			const inode = 9 // field of /proc/net/udp
			if f := strings.Fields(line); len(f) > inode {
				sockets["socket:["+f[inode]+"]"] = true
			}
		}
	}
	for _, fd := range fds {
		if target, err := os.Readlink(filepath.Join(p.dir(pid), "fd", fd.Name())); err == nil && sockets[target] {
			return true, ok
		}
	}
	return false, ok
}
