package control

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// nameTimeout bounds the question who holds a name; the kernel answers at once.
const nameTimeout = time.Second

// lockName takes a name of the folder that is not a file: a second instance finds
// it although the folder with its lock was removed. It returns ErrRunning if
// another instance of this user has it. Names belong to nobody, so one that
// another user holds does not count.
//
// Source: unix(7), "Abstract socket names".
func lockName(dir string) (release func(), err error) {
	name := nameOf(dir)
	ln, err := net.Listen("unix", name)
	if err == nil {
		var turning sync.WaitGroup
		turning.Go(func() { turnAway(ln) })
		return func() {
			ln.Close()
			turning.Wait()
		}, nil
	}
	if errors.Is(err, syscall.EADDRINUSE) && nameIsOurs(name) {
		return nil, ErrRunning
	}
	return func() {}, nil // the lock file counts alone
}

// turnAway ends each connection to the name: who asks only needs to know whose it
// is, and no queue must fill up. It returns when ln is closed.
func turnAway(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		conn.Close()
	}
}

// nameOf returns the name for a folder, a different one for each user and folder.
func nameOf(dir string) string {
	sum := sha256.Sum256([]byte(filepath.Clean(dir)))
	return fmt.Sprintf("@heliograph-%d-%s", os.Getuid(), hex.EncodeToString(sum[:8]))
}

// nameIsOurs reports whether a process of this user listens at the name.
func nameIsOurs(name string) bool {
	conn, err := net.DialTimeout("unix", name, nameTimeout)
	if err != nil {
		return false
	}
	defer conn.Close()
	return checkPeer(conn) == nil
}
