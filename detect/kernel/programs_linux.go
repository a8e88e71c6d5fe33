package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Programs knows whether programs with certain names run on this screen,
// without polling: the kernel reports that the file of a program is opened, as
// happens when it is executed, and that a process has ended. Every user may
// receive both reports, unlike the kernel's process events, which are for root
// only.
//
// Source: https://man7.org/linux/man-pages/man7/inotify.7.html (IN_OPEN),
// https://man7.org/linux/man-pages/man2/pidfd_open.2.html
type Programs struct {
	files     *Inotify
	paths     map[int32]string // by watch
	names     []string
	proc      Proc
	changed   func()
	tasks     sync.WaitGroup
	installed int

	mu      sync.Mutex
	closed  bool
	running map[int]*os.File // pidfd by pid
	again   *time.Timer
	left    int // how many looks are still due
}

// A program's file is opened a moment before its process has its name, and a
// program that goes into the background does so within looks times lookAgain.
const (
	lookAgain = 100 * time.Millisecond
	looks     = 5
)

const programMask = unix.IN_OPEN | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF

// WatchPrograms watches for programs with these file names in the folders.
// changed is called whenever State may answer differently.
func WatchPrograms(proc Proc, dirs, names []string, changed func()) (*Programs, error) {
	files, err := NewInotify()
	if err != nil {
		return nil, err
	}
	p := &Programs{files: files, paths: map[int32]string{}, names: names, proc: proc, changed: changed, running: map[int]*os.File{}}
	for _, dir := range dirs {
		for _, name := range names {
			path := filepath.Join(dir, name)
			if wd, err := files.Add(path, programMask); err == nil {
				p.paths[wd] = path
			}
		}
	}
	p.installed = len(p.paths)
	p.tasks.Go(func() { files.Follow(p.opened) })
	p.look()
	return p, nil
}

// opened takes the reports that a program's file was opened, or replaced.
func (p *Programs) opened(events []Event) {
	for _, e := range events {
		if path := p.paths[e.Watch]; e.Mask&(unix.IN_DELETE_SELF|unix.IN_MOVE_SELF) != 0 && path != "" {
			delete(p.paths, e.Watch)
			if wd, err := p.files.Add(path, programMask); err == nil {
				p.paths[wd] = path
			}
		}
	}
	p.mu.Lock()
	p.left = looks
	p.mu.Unlock()
	p.look()
}

// look finds the programs that run, and looks a few times more after one was
// started.
func (p *Programs) look() {
	found := p.proc.Running(p.names)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	changed := false
	for _, pid := range found {
		if p.running[pid] != nil {
			continue
		}
		if fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK); err == nil {
			f := os.NewFile(uintptr(fd), "pidfd")
			p.running[pid], changed = f, true
			p.tasks.Go(func() { p.await(pid, f) })
		}
	}
	if p.left > 0 {
		p.left--
		if p.again == nil {
			p.again = time.AfterFunc(lookAgain, p.look)
		} else {
			p.again.Reset(lookAgain)
		}
	}
	if changed {
		p.changed()
	}
}

// await waits until the process has ended; it may have left a child behind.
func (p *Programs) await(pid int, f *os.File) {
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Read(func(fd uintptr) bool {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
			return n > 0 || (err != nil && !errors.Is(err, unix.EINTR))
		})
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	f.Close()
	delete(p.running, pid)
	p.mu.Unlock()
	p.look()
	p.changed()
}

// State counts the programs that are installed and those that run.
func (p *Programs) State() (installed, running int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.installed, len(p.running)
}

// Close ends the watch.
func (p *Programs) Close() {
	p.mu.Lock()
	p.closed = true
	if p.again != nil {
		p.again.Stop()
	}
	for _, f := range p.running {
		f.Close() // ends its await
	}
	p.mu.Unlock()
	p.files.Close()
	p.tasks.Wait()
}

// maxComm is where the kernel cuts the name of a process.
const maxComm = 15

// Running lists the processes that have one of the names and run for this user
// on this screen. Some screen lockers run as root or nobody.
func (p Proc) Running(names []string) []int {
	var pids []int
	for _, pid := range p.pids() {
		if pid == os.Getpid() {
			continue
		}
		comm := p.comm(pid)
		if slices.ContainsFunc(names, func(n string) bool { return comm == n[:min(len(n), maxComm)] }) && ours(p.dir(pid)) && sameScreen(p.dir(pid)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// ours reads the state and owner of a process. A zombie does not run, and
// another user's process is at another seat.
func ours(dir string) bool {
	const nobody = 65534
	b, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return false
	}
	own := false
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		switch f[0] {
		case "State:":
			if f[1] == "Z" || f[1] == "X" {
				return false
			}
		case "Uid:":
			uid, err := strconv.Atoi(f[1])
			own = err == nil && (uid == os.Getuid() || uid == 0 || uid == nobody)
		}
	}
	return own
}

// sameScreen reports whether the process shows on our display: a user may have
// a second one, in a remote session. A process that does not say counts as on
// ours.
func sameScreen(dir string) bool {
	env, err := os.ReadFile(filepath.Join(dir, "environ"))
	if err != nil || len(env) == 0 {
		return true
	}
	says, asked := false, false
	for _, name := range []string{"WAYLAND_DISPLAY", "DISPLAY"} {
		own := os.Getenv(name)
		asked = asked || own != ""
		for v := range strings.SplitSeq(string(env), "\x00") {
			if theirs, ok := strings.CutPrefix(v, name+"="); ok && theirs != "" {
				says = true
				if displayName(theirs) == displayName(own) {
					return true
				}
			}
		}
	}
	return !says || !asked
}

// displayName returns a display without what may be left out: a socket's
// folder, the number of an X screen.
func displayName(display string) string {
	name := filepath.Base(display)
	if server, number, ok := strings.Cut(name, ":"); ok {
		number, _, _ = strings.Cut(number, ".")
		return server + ":" + number
	}
	return name
}
