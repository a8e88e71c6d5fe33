package detect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// inotify tells what happens to files, without asking.
//
// Source: https://man7.org/linux/man-pages/man7/inotify.7.html
type inotify struct {
	file *os.File
	fd   int
}

// fileEvent is something that happened to a watched file or folder.
type fileEvent struct {
	watch int32
	mask  uint32
	name  string // in a folder: whose
}

func newInotify() (*inotify, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("files cannot be watched: %w", err)
	}
	return &inotify{file: os.NewFile(uintptr(fd), "inotify"), fd: fd}, nil
}

// add watches a path; its number comes back with each event.
func (n *inotify) add(path string, mask uint32) (int32, error) {
	wd, err := unix.InotifyAddWatch(n.fd, path, mask)
	if err != nil {
		return -1, fmt.Errorf("%s cannot be watched: %w", path, err)
	}
	return int32(wd), nil
}

// follow calls each for all events until close.
func (n *inotify) follow(each func([]fileEvent)) {
	buf := make([]byte, 4096)
	for {
		got, err := n.file.Read(buf)
		if err != nil {
			return
		}
		each(splitFileEvents(buf[:got]))
	}
}

// splitFileEvents decodes what one read gave.
func splitFileEvents(b []byte) []fileEvent {
	var out []fileEvent
	for len(b) >= unix.SizeofInotifyEvent {
		size := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(b[12:]))
		if size > len(b) || size < unix.SizeofInotifyEvent {
			break
		}
		name, _, _ := bytes.Cut(b[unix.SizeofInotifyEvent:size], []byte{0})
		out = append(out, fileEvent{watch: int32(binary.NativeEndian.Uint32(b)), mask: binary.NativeEndian.Uint32(b[4:]), name: string(name)})
		b = b[size:]
	}
	return out
}

func (n *inotify) close() { n.file.Close() }
