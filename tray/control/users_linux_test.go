package control

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user that every Linux has, and who owns nothing.
const nobody = 65534

// asNobody starts this test program again as another user, with TEST_ROLE telling
// it what to do. Only root can.
func asNobody(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can act as another user")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The program itself lies in a folder that others may not read.
	raw, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.MkdirTemp("/tmp", "helio")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(public) })
	program := filepath.Join(public, "program")
	if err := errors.Join(os.Chmod(public, 0o755), os.WriteFile(program, raw, 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "TEST_ROLE="+role, "TEST_DIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}

// TestMain plays another user's part where asNobody asks for it.
func TestMain(m *testing.M) {
	dir := os.Getenv("TEST_DIR")
	switch os.Getenv("TEST_ROLE") {
	case "client":
		conn, err := net.Dial("unix", filepath.Join(dir, socketFile))
		if err != nil {
			fmt.Println("dial:", err)
			return
		}
		fmt.Fprintf(conn, `{"version":%d,"verb":"echo"}`+"\n", Version)
		line, _ := bufio.NewReader(conn).ReadString('\n')
		fmt.Println(line)
	case "server", "name":
		path := filepath.Join(dir, socketFile)
		if os.Getenv("TEST_ROLE") == "name" {
			path = dir
		}
		ln, err := net.Listen("unix", path)
		if err != nil {
			fmt.Println("listen:", err)
			return
		}
		fmt.Println("ready")
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		line, _ := bufio.NewReader(conn).ReadString('\n')
		fmt.Println("got", line)
	default:
		os.Exit(m.Run())
	}
}

// TestOtherUsersAreRefused, even where the modes of folder and socket let them in.
func TestOtherUsersAreRefused(t *testing.T) {
	_, dir := newServer(t, echo)
	for path, mode := range map[string]os.FileMode{dir: 0o755, filepath.Join(dir, socketFile): 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	out, err := asNobody(t, "client", dir).Output()
	if err != nil || !strings.Contains(string(out), errOtherUser.Error()) {
		t.Errorf("another user gets %q, %v", out, err)
	}
}

// TestSpoofedInstance: another user listens where heliograph would, in a shared
// folder. A client sends nothing there.
func TestSpoofedInstance(t *testing.T) {
	dir := newDir(t)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	server := asNobody(t, "server", dir)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the other user says %q", lines.Text())
	}
	secret := map[string]string{"Text": "a status message"}
	if err := Call(t.Context(), dir, "echo", secret, nil); !errors.Is(err, errNotPrivate) {
		t.Errorf("in a folder that others may write to: %v", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Call(t.Context(), dir, "echo", secret, nil); !errors.Is(err, errOtherUser) {
		t.Errorf("in a folder of the user's own: %v", err)
	}
	for lines.Scan() {
		if strings.Contains(lines.Text(), "a status message") {
			t.Errorf("the other user %s", lines.Text())
		}
	}
}

// TestNameOfAnotherUser: somebody else takes the name that keeps a second
// instance from starting. The first one starts nevertheless.
func TestNameOfAnotherUser(t *testing.T) {
	dir := newDir(t)
	squatter := asNobody(t, "name", nameOf(dir))
	out, err := squatter.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := squatter.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = squatter.Process.Kill(); _ = squatter.Wait() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("the other user says %q, %v", line, err)
	}
	s, err := Listen(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}
