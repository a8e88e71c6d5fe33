package kernel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Inotify reports what happens to files.
//
// Source: https://man7.org/linux/man-pages/man7/inotify.7.html
type Inotify struct {
	file *os.File
	fd   int
}

// Event is something that happened to a watched file or folder.
type Event struct {
	Watch int32  // as Add returned it
	Mask  uint32 // IN_OPEN, …
	Name  string // of the file, in a watched folder
}

// NewInotify starts with no file watched.
func NewInotify() (*Inotify, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("files cannot be watched: %w", err)
	}
	return &Inotify{file: os.NewFile(uintptr(fd), "inotify"), fd: fd}, nil
}

// Add watches a path for the events in mask (IN_OPEN, …).
func (n *Inotify) Add(path string, mask uint32) (watch int32, err error) {
	wd, err := unix.InotifyAddWatch(n.fd, path, mask)
	if err != nil {
		return -1, fmt.Errorf("%s cannot be watched: %w", path, err)
	}
	return int32(wd), nil
}

// Follow calls each with all events until Close.
func (n *Inotify) Follow(each func([]Event)) {
	buf := make([]byte, 4096)
	for {
		got, err := n.file.Read(buf)
		if err != nil {
			return
		}
		each(splitEvents(buf[:got]))
	}
}

// splitEvents decodes what one read has returned.
func splitEvents(b []byte) []Event {
	var out []Event
	for len(b) >= unix.SizeofInotifyEvent {
		size := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(b[12:]))
		if size > len(b) || size < unix.SizeofInotifyEvent {
			break
		}
		name, _, _ := bytes.Cut(b[unix.SizeofInotifyEvent:size], []byte{0})
		out = append(out, Event{Watch: int32(binary.NativeEndian.Uint32(b)), Mask: binary.NativeEndian.Uint32(b[4:]), Name: string(name)})
		b = b[size:]
	}
	return out
}

// Close ends the watch and Follow.
func (n *Inotify) Close() { n.file.Close() }
