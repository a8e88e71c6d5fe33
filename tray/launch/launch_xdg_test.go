//go:build unix && !darwin

package launch

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"heliograph/build/wait"
)

// page is an address as sign-in pages have them.
const page = "https://login.contoso.example/authorize?state=secret&redirect_uri=http%3A%2F%2Flocalhost"

// programs fills a folder with shell scripts and makes it the only one that
// programs are looked for in. $DIR is that folder.
func programs(t *testing.T, scripts map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, script := range scripts {
		script = "#!/bin/sh\nDIR='" + dir + "'\n" + script + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("BROWSER", "")
	return dir
}

// opened returns what a script noted in the file called opened.
func opened(t *testing.T, dir string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "opened"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

const note = `printf '%s %s' "${0##*/}" "$*" >"$DIR/opened"`

// TestForegroundBrowser: an xdg-open that runs for as long as the browser does
// is not waited for, has no terminal, and is reaped when it ends.
func TestForegroundBrowser(t *testing.T) {
	dir := programs(t, map[string]string{"xdg-open": `printf '%s\n' $$ "$1" >"$DIR/started"; read -r line <"$DIR/end"`})
	for _, name := range []string{"started", "end"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	end, err := os.OpenFile(filepath.Join(dir, "end"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer end.Close()
	release := sync.OnceFunc(func() {
		if _, err := end.WriteString("\n"); err != nil {
			t.Error(err)
		}
	})
	defer release()
	began := time.Now()
	if err := URL(page); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*failWithin { // the rest is the machine's load
		t.Errorf("opening took %v", took)
	}
	started, err := os.Open(filepath.Join(dir, "started"))
	if err != nil {
		t.Fatal(err)
	}
	defer started.Close()
	lines := bufio.NewScanner(started)
	var got []string
	for lines.Scan() {
		got = append(got, lines.Text())
	}
	if len(got) != 2 || got[1] != page {
		t.Fatalf("the starter got %q", got)
	}
	pid, err := strconv.Atoi(got[0])
	if err != nil {
		t.Fatal(err)
	}
	if session, err := unix.Getsid(pid); err != nil || session != pid {
		t.Errorf("the starter %d is in session %d: %v", pid, session, err)
	}
	for _, file := range []string{"1", "2"} {
		if target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, file)); err != nil || target != os.DevNull {
			t.Errorf("file %s of the starter is %q, %v", file, target, err)
		}
	}
	release()
	awaitReaped(t, pid)
}

// awaitReaped waits until a process that ends has been reaped.
func awaitReaped(t *testing.T, pid int) {
	t.Helper()
	wait.Until(t, fmt.Sprintf("process %d has ended and is reaped", pid), func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
}

// TestNextStarter: whatever fails at once or is missing is followed by the
// next.
func TestNextStarter(t *testing.T) {
	for name, test := range map[string]struct {
		scripts map[string]string
		browser string
		want    string
	}{
		"xdg":         {map[string]string{"xdg-open": note, "gio": note}, "", "xdg-open " + page},
		"xdg_fails":   {map[string]string{"xdg-open": "exit 3", "x-www-browser": note}, "", "x-www-browser " + page},
		"variable":    {map[string]string{"xdg-open": "exit 3", "mine": note, "x-www-browser": note}, "absent:mine --new", "mine --new " + page},
		"placeholder": {map[string]string{"mine": note}, "mine --open %s --new", "mine --open " + page + " --new"},
		"debian":      {map[string]string{"sensible-browser": note}, "", "sensible-browser " + page},
		"glib":        {map[string]string{"xdg-open": "exit 4", "gio": note}, "", "gio open " + page},
	} {
		t.Run(name, func(t *testing.T) {
			dir := programs(t, test.scripts)
			t.Setenv("BROWSER", test.browser)
			if err := URL(page); err != nil {
				t.Fatal(err)
			}
			if got := opened(t, dir); got != test.want {
				t.Errorf("%q was run, want %q", got, test.want)
			}
		})
	}
}

// TestNothingStarts: the caller learns that no program could be started, and
// of a failure with its exit status.
func TestNothingStarts(t *testing.T) {
	programs(t, nil)
	if err := URL(page); err == nil || !strings.Contains(err.Error(), "no program") {
		t.Errorf("with no program: %v", err)
	}
	programs(t, map[string]string{"xdg-open": "exit 3", "gio": "exit 4"})
	err := URL(page)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Fatalf("with programs that fail: %v", err)
	}
	if text := err.Error(); !strings.Contains(text, "exit status 4") || strings.Contains(text, "secret") {
		t.Errorf("the error is %q", text)
	}
}

// TestFileByItsFullName: a file whose name looks like an option is not one.
func TestFileByItsFullName(t *testing.T) {
	dir := programs(t, map[string]string{"xdg-open": "exit 3", "gio": note})
	t.Chdir(t.TempDir())
	if err := os.WriteFile("--help", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := File("--help"); err != nil {
		t.Fatal(err)
	}
	full, err := filepath.Abs("--help")
	if err != nil {
		t.Fatal(err)
	}
	if got := opened(t, dir); got != "gio open "+full {
		t.Errorf("%q was run", got)
	}
}

func TestBrowserVariable(t *testing.T) {
	for variable, want := range map[string][]starter{
		"": nil, "::": nil, "w3m": {{"w3m", "P"}}, "a %s x:b -n": {{"a", "P", "x"}, {"b", "-n", "P"}}, "c --url=%s": {{"c", "--url=P"}},
	} {
		if got := fromBrowser(variable, "P"); !reflect.DeepEqual(got, want) {
			t.Errorf("BROWSER=%q is %q, want %q", variable, got, want)
		}
	}
}
