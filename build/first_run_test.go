package build

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/tray/cli"
	"heliograph/tray/settings"
)

// TestFirstRunPage holds the page for the first person on a real computer to the
// program: it has fifteen whole checks that take ten minutes or so, its settings
// are accepted and fit the emulator, and each command on it exists.
func TestFirstRunPage(t *testing.T) {
	page := read(t, "build/first-run.md")
	checkRows(t, page)

	_, block, found := strings.Cut(page, "```toml\n")
	block, _, whole := strings.Cut(block, "```")
	if !found || !whole {
		t.Fatal("the page has no settings")
	}
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(block), 0o600); err != nil {
		t.Fatal(err)
	}
	v := settings.Open(settings.Options{Path: path, State: t.TempDir()}).Value()
	if v.Problem != nil {
		t.Errorf("its settings are refused: %v", v.Problem)
	}
	if v.Account.ClientID != emu.AppID || v.Account.Tenant != emu.TenantDomain {
		t.Errorf("its settings are for another application than the emulator's: %+v", v.Account)
	}
	if !strings.Contains(page, "heliograph emulate --listen "+strings.TrimPrefix(v.Account.Emulator, "http://")) {
		t.Errorf("the emulator of the page listens elsewhere than at %s", v.Account.Emulator)
	}

	commands := regexp.MustCompile("(?m)`heliograph ([^`]+)`|^heliograph (.+)$").FindAllStringSubmatch(page, -1)
	for _, m := range commands {
		line := strings.Fields(strings.ReplaceAll(m[1]+m[2], `"Back soon"`, "soon"))
		c, rest, err := cli.Command(&cli.App{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}).Find(line)
		if err == nil {
			err = c.ParseFlags(rest)
		}
		if err == nil {
			err = c.ValidateArgs(c.Flags().Args())
		}
		if err != nil {
			t.Errorf("heliograph %s: %v", strings.Join(line, " "), err)
		}
	}
	if len(commands) < 8 {
		t.Errorf("only %d commands were found", len(commands))
	}
}

// checkRows holds the table of checks.
func checkRows(t *testing.T, page string) {
	t.Helper()
	var total time.Duration
	n := 0
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		number, err := strconv.Atoi(strings.TrimSpace(cells[0]))
		if err != nil || !strings.HasPrefix(line, "|") {
			continue
		}
		n++
		if number != n || len(cells) != 4 || len(cells[1]) < 10 || len(cells[2]) < 10 {
			t.Errorf("check %d is not whole: %q", n, line)
			continue
		}
		minutes, seconds, _ := strings.Cut(strings.TrimSpace(cells[3]), ":")
		took, err := time.ParseDuration(minutes + "m" + seconds + "s")
		if err != nil {
			t.Errorf("check %d: %v", n, err)
		}
		total += took
	}
	if n != 15 || total < 9*time.Minute || total > 11*time.Minute {
		t.Errorf("%d checks take %v", n, total)
	}
}
