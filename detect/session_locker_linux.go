package detect

import (
	"context"
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

// lockers are programs that lock a screen for as long as they run, and tell
// nobody.
var lockers = []string{"swaylock", "hyprlock", "waylock", "gtklock", "i3lock", "i3lock-color", "slock", "xlock", "xsecurelock", "xtrlock", "sxlock", "alock", "physlock", "vlock"}

// locker sees them run without ever asking: the kernel tells when their file
// is opened, as it is to be executed, and when the process has ended. Both are
// anybody's to hear, unlike the kernel's process events, which are root's.
//
// Source: https://man7.org/linux/man-pages/man7/inotify.7.html (IN_OPEN),
// https://man7.org/linux/man-pages/man2/pidfd_open.2.html
type locker struct {
	files *inotify
	paths map[int32]string // by watch
	names []string
	proc  procfs
	wake  func()
	tasks sync.WaitGroup

	installed int

	mu      sync.Mutex
	closed  bool
	running map[int]*os.File // pidfd by pid
	again   *time.Timer
	left    int // how many looks are still due
}

// lookAgain: the file is opened a moment before the process has its name, and
// a locker that goes into the background does so within this.
const (
	lookAgain = 100 * time.Millisecond
	looks     = 5
)

const lockerMask = unix.IN_OPEN | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF

func openLocker(_ context.Context, e env) (source, error) {
	return watchLockers(filepath.SplitList(os.Getenv("PATH")), lockers, hostProc, e.changed)
}

func watchLockers(dirs, names []string, proc procfs, wake func()) (source, error) {
	files, err := newInotify()
	if err != nil {
		return nil, err
	}
	l := &locker{files: files, paths: map[int32]string{}, names: names, proc: proc, wake: wake, running: map[int]*os.File{}}
	for _, dir := range dirs {
		for _, name := range names {
			path := filepath.Join(dir, name)
			if wd, err := files.add(path, lockerMask); err == nil {
				l.paths[wd] = path
			}
		}
	}
	l.installed = len(l.paths)
	l.tasks.Go(func() { files.follow(l.opened) })
	l.look()
	return l, nil
}

// opened is told that a locker's file was opened, or replaced.
func (l *locker) opened(events []fileEvent) {
	for _, e := range events {
		if path := l.paths[e.watch]; e.mask&(unix.IN_DELETE_SELF|unix.IN_MOVE_SELF) != 0 && path != "" {
			delete(l.paths, e.watch)
			if wd, err := l.files.add(path, lockerMask); err == nil {
				l.paths[wd] = path
			}
		}
	}
	l.mu.Lock()
	l.left = looks
	l.mu.Unlock()
	l.look()
}

// look finds the lockers that run, and looks a few times more after one began.
func (l *locker) look() {
	found := l.proc.called(l.names)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	changed := false
	for _, pid := range found {
		if l.running[pid] != nil {
			continue
		}
		if fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK); err == nil {
			f := os.NewFile(uintptr(fd), "pidfd")
			l.running[pid], changed = f, true
			l.tasks.Go(func() { l.await(pid, f) })
		}
	}
	if l.left > 0 {
		l.left--
		if l.again == nil {
			l.again = time.AfterFunc(lookAgain, l.look)
		} else {
			l.again.Reset(lookAgain)
		}
	}
	if changed {
		l.wake()
	}
}

// await waits until the process has ended; it may have left a child behind.
func (l *locker) await(pid int, f *os.File) {
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Read(func(fd uintptr) bool {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
			return n > 0 || (err != nil && !errors.Is(err, unix.EINTR))
		})
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	f.Close()
	delete(l.running, pid)
	l.mu.Unlock()
	l.look()
	l.wake()
}

// called lists the processes of this user's, on this screen, that have one of
// the names. Some lockers run as root or nobody.
func (p procfs) called(names []string) []int {
	const commMost = 15
	dirs, err := os.ReadDir(string(p))
	if err != nil {
		return nil
	}
	var pids []int
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		dir := p.dir(pid)
		comm := readLine(filepath.Join(dir, "comm"))
		if slices.ContainsFunc(names, func(n string) bool { return comm == n[:min(len(n), commMost)] }) && ours(dir) && sameScreen(dir) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// ours reads the process's state and owner: one that has ended and was not
// yet asked for its end is none, and another user's locker locks another seat.
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
// a second one, in a remote session. One that does not say counts as ours.
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
				if screen(theirs) == screen(own) {
					return true
				}
			}
		}
	}
	return !says || !asked
}

// screen is a display's name without what may be left out: a socket's folder,
// the number of an X screen.
func screen(display string) string {
	name := filepath.Base(display)
	if server, number, ok := strings.Cut(name, ":"); ok {
		number, _, _ = strings.Cut(number, ".")
		return server + ":" + number
	}
	return name
}

func (l *locker) sample() (result, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return lockerResult{installed: l.installed, running: len(l.running)}, nil
}

func (l *locker) close() {
	l.mu.Lock()
	l.closed = true
	if l.again != nil {
		l.again.Stop()
	}
	for _, f := range l.running {
		f.Close() // ends its await
	}
	l.mu.Unlock()
	l.files.close()
	l.tasks.Wait()
}
