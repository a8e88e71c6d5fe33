package kernel

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Devices knows which processes have a device file open: the kernel reports
// each opening and closing, and only then are the processes searched.
//
// It sees a program only if that opens the device itself. A camera that is
// reached through PipeWire is open in PipeWire.
type Devices struct {
	proc    Proc
	dirs    []string
	match   func(name string) bool
	files   *Inotify
	changed func()
	tasks   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	watched map[string]int32
	holders []Process
	again   *time.Timer
}

// settleTime is the pause between a report and the search: a device shows up
// among the files of a process a moment after its opening is reported, and
// several programs try a device that has appeared.
const settleTime = 200 * time.Millisecond

const dirMask = unix.IN_CREATE | unix.IN_ATTRIB | unix.IN_ONLYDIR

// WatchDevices watches the files in the folders whose names match. changed is
// called whenever State answers differently.
func WatchDevices(proc Proc, dirs []string, match func(name string) bool, changed func()) (*Devices, error) {
	files, err := NewInotify()
	if err != nil {
		return nil, err
	}
	d := &Devices{proc: proc, dirs: dirs, match: match, files: files, changed: changed, watched: map[string]int32{}}
	for _, dir := range d.dirs {
		if _, err := files.Add(dir, dirMask); err != nil && !errors.Is(err, fs.ErrNotExist) {
			files.Close()
			return nil, err
		}
	}
	d.watchFiles()
	d.tasks.Go(func() { files.Follow(d.follow) })
	d.look()
	return d, nil
}

// watchFiles watches the devices that exist now.
func (d *Devices) watchFiles() {
	for _, dir := range d.dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if !d.match(e.Name()) {
				continue
			}
			path := filepath.Join(dir, e.Name())
			if wd, err := d.files.Add(path, unix.IN_OPEN|unix.IN_CLOSE|unix.IN_DELETE_SELF); err == nil {
				d.mu.Lock()
				d.watched[path] = wd
				d.mu.Unlock()
			}
		}
	}
}

func (d *Devices) follow(events []Event) {
	var used, appeared bool
	for _, e := range events {
		switch {
		case e.Mask&unix.IN_CREATE != 0 && (d.match(e.Name) || e.Mask&unix.IN_ISDIR != 0):
			appeared = true
			for _, dir := range d.dirs {
				_, _ = d.files.Add(dir, dirMask) // a folder that has appeared
			}
		case e.Mask&(unix.IN_DELETE_SELF|unix.IN_IGNORED) != 0:
			d.forget(e.Watch)
			used = true
		case e.Mask&(unix.IN_OPEN|unix.IN_CLOSE) != 0:
			used = true
		}
	}
	if appeared {
		d.watchFiles()
	}
	if !used && !appeared {
		return
	}
	d.look()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.again == nil {
		d.again = time.AfterFunc(settleTime, d.look)
	} else if !d.closed {
		d.again.Reset(settleTime)
	}
}

func (d *Devices) forget(watch int32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, wd := range d.watched {
		if wd == watch {
			delete(d.watched, path)
		}
	}
}

// look finds the processes that have a device open.
func (d *Devices) look() {
	d.mu.Lock()
	paths := make(map[string]bool, len(d.watched))
	for p := range d.watched {
		paths[p] = true
	}
	d.mu.Unlock()
	var found []Process
	if len(paths) > 0 {
		found = d.proc.Holders(paths)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	same := slices.EqualFunc(found, d.holders, func(a, b Process) bool { return a.PID == b.PID })
	d.holders = found
	if !same && !d.closed {
		d.changed()
	}
}

// State returns the number of devices and the processes that have one open.
func (d *Devices) State() (devices int, holders []Process) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.watched), d.holders
}

// Close ends the watch.
func (d *Devices) Close() {
	d.mu.Lock()
	d.closed = true
	if d.again != nil {
		d.again.Stop()
	}
	d.mu.Unlock()
	d.files.Close()
	d.tasks.Wait()
}

// Holders lists the processes that have one of the files open, as far as this
// user may see.
func (p Proc) Holders(paths map[string]bool) []Process {
	var out []Process
	for _, pid := range p.pids() {
		files, _ := p.openFiles(pid)
		if slices.ContainsFunc(files, func(target string) bool { return paths[target] }) {
			out = append(out, Process{pid, p.Family(pid)})
		}
	}
	return out
}
