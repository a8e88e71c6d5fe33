package detect

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"heliograph/detect/call"
)

// devices sees who has a device file open: the kernel tells of each opening
// and closing, and only then the processes are gone through.
//
// It sees the program itself only where that opens the device. A camera that
// is reached through PipeWire is held by PipeWire.
type devices struct {
	what   string   // for people
	dirs   []string // where the files are
	match  func(name string) bool
	record bool // the device records sound
	files  *inotify
	proc   procfs
	wake   func()
	tasks  sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	watched map[string]int32
	holders []call.Process
	again   *time.Timer
}

// holderSettle: a device is told to be open a moment before its process shows
// it, and is tried by others when it appears.
const holderSettle = 200 * time.Millisecond

func openCameras(_ context.Context, e env) (source, error) {
	return watchDevices(&devices{what: "camera", dirs: []string{"/dev"}, proc: hostProc, wake: e.changed,
		match: func(name string) bool { return strings.HasPrefix(name, "video") }})
}

// openALSA watches the recording sides of sound cards, for the few programs
// that use them without a sound server.
func openALSA(_ context.Context, e env) (source, error) {
	return watchDevices(&devices{what: "sound card", dirs: []string{"/dev", "/dev/snd"}, proc: hostProc, wake: e.changed,
		match:  func(name string) bool { return strings.HasPrefix(name, "pcm") && strings.HasSuffix(name, "c") },
		record: true})
}

func watchDevices(d *devices) (source, error) {
	files, err := newInotify()
	if err != nil {
		return nil, err
	}
	d.files, d.watched = files, map[string]int32{}
	for _, dir := range d.dirs {
		_, err = files.add(dir, unix.IN_CREATE|unix.IN_ATTRIB|unix.IN_ONLYDIR)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			files.close()
			return nil, err
		}
	}
	d.list()
	d.tasks.Go(func() { files.follow(d.changed) })
	d.look()
	return d, nil
}

// list watches the devices that are there now.
func (d *devices) list() {
	for _, dir := range d.dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if !d.match(e.Name()) {
				continue
			}
			if wd, err := d.files.add(path, unix.IN_OPEN|unix.IN_CLOSE|unix.IN_DELETE_SELF); err == nil {
				d.mu.Lock()
				d.watched[path] = wd
				d.mu.Unlock()
			}
		}
	}
}

func (d *devices) changed(events []fileEvent) {
	var use, more bool
	for _, e := range events {
		switch {
		case e.mask&unix.IN_CREATE != 0 && (d.match(e.name) || e.mask&unix.IN_ISDIR != 0):
			more = true
			for _, dir := range d.dirs {
				_, _ = d.files.add(dir, unix.IN_CREATE|unix.IN_ATTRIB|unix.IN_ONLYDIR) // a folder that came
			}
		case e.mask&(unix.IN_DELETE_SELF|unix.IN_IGNORED) != 0:
			d.mu.Lock()
			for path, wd := range d.watched {
				if wd == e.watch {
					delete(d.watched, path)
				}
			}
			d.mu.Unlock()
			use = true
		case e.mask&(unix.IN_OPEN|unix.IN_CLOSE) != 0:
			use = true
		}
	}
	if more {
		d.list()
	}
	if !use && !more {
		return
	}
	d.look()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.again == nil {
		d.again = time.AfterFunc(holderSettle, d.look)
	} else if !d.closed {
		d.again.Reset(holderSettle)
	}
}

// look finds who has a device open.
func (d *devices) look() {
	d.mu.Lock()
	paths := make(map[string]bool, len(d.watched))
	for p := range d.watched {
		paths[p] = true
	}
	d.mu.Unlock()
	var found []call.Process
	if len(paths) > 0 {
		found = d.proc.holders(paths)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	same := slices.EqualFunc(found, d.holders, func(a, b call.Process) bool { return a.PID == b.PID })
	d.holders = found
	if !same && !d.closed {
		d.wake()
	}
}

// holders lists the processes that have one of the files open, as far as this
// user may see.
func (p procfs) holders(paths map[string]bool) []call.Process {
	dirs, err := os.ReadDir(string(p))
	if err != nil {
		return nil
	}
	var out []call.Process
	for _, dir := range dirs {
		pid, err := strconv.Atoi(dir.Name())
		if err != nil {
			continue
		}
		fds, err := os.ReadDir(filepath.Join(p.dir(pid), "fd"))
		if err != nil {
			continue // another user's
		}
		for _, fd := range fds {
			target, err := os.Readlink(filepath.Join(p.dir(pid), "fd", fd.Name()))
			if err == nil && paths[target] {
				out = append(out, call.Process{PID: pid, Names: p.family(pid)})
				break
			}
		}
	}
	return out
}

func (d *devices) sample() (result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return deviceResult{what: d.what, devices: len(d.watched), holders: d.holders, record: d.record, self: os.Getpid()}, nil
}

func (d *devices) close() {
	d.mu.Lock()
	d.closed = true
	if d.again != nil {
		d.again.Stop()
	}
	d.mu.Unlock()
	d.files.close()
	d.tasks.Wait()
}
