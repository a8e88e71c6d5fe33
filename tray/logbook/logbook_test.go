package logbook

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heliograph", "heliograph.log")
	var also bytes.Buffer
	b := Open(path, &also)
	defer b.Close()
	write := func(line string) {
		t.Helper()
		if n, err := b.Write([]byte(line)); err != nil || n != len(line) {
			t.Fatalf("%d, %v", n, err)
		}
	}
	write("one\n")
	tail, lines, stop, err := b.Follow()
	if err != nil || tail != "one\n" {
		t.Fatalf("%q, %v", tail, err)
	}
	write("two\n")
	if got := <-lines; got != "two\n" {
		t.Errorf("the follower gets %q", got)
	}
	stop()
	write("three\n")
	select {
	case got := <-lines:
		t.Errorf("after its end the follower gets %q", got)
	default:
	}
	if also.String() != "one\ntwo\nthree\n" {
		t.Errorf("the terminal gets %q", also.String())
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != also.String() {
		t.Errorf("the file holds %q, %v", raw, err)
	}
}

// TestBookIsBoundedAndPrivate: two files of a megabyte, for the user alone.
func TestBookIsBoundedAndPrivate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "heliograph.log")
	if err := os.WriteFile(path, []byte("from an earlier version\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	b := Open(path, nil)
	defer b.Close()
	line := []byte(strings.Repeat("x", 1023) + "\n")
	for range 2500 {
		if _, err := b.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 {
		t.Errorf("%d files", len(files))
	}
	for _, f := range files {
		fi, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if fi.Size() > maxLogSize {
			t.Errorf("%s has %d bytes", f.Name(), fi.Size())
		}
		if runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", f.Name(), fi.Mode())
		}
	}
}

// TestBookGoesOnWithoutItsFile: a file that cannot be renamed, or that
// somebody has removed, costs older lines and nothing else.
func TestBookGoesOnWithoutItsFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "heliograph.log")
	if err := os.MkdirAll(filepath.Join(path+olderLog, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	b := Open(path, nil)
	defer b.Close()
	write := func(line string) {
		t.Helper()
		if _, err := b.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Repeat("x", maxLogSize-1) + "\n")
	write("the next\n")
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "the next\n" {
		t.Errorf("the file holds %d bytes, %v", len(raw), err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write("after a close\n")
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "after a close\n" {
		t.Errorf("the file holds %q, %v", raw, err)
	}
}

func TestTailBeginsWithAWholeLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if tail, err := readTail(path); tail != "" || err != nil {
		t.Errorf("without a file: %q, %v", tail, err)
	}
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "line %d is here\n", i)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	tail, err := readTail(path)
	if err != nil || len(tail) > maxTail || !strings.HasPrefix(tail, "line ") || !strings.HasSuffix(b.String(), tail) {
		t.Errorf("%d bytes, %.20q, %v", len(tail), tail, err)
	}
}
