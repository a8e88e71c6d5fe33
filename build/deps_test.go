// Package build holds the laws of the house as tests, and what packs and
// proves the program.
package build

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// deps lists what a package is built from, for one system.
func deps(t *testing.T, goos, pkg string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", pkg)
	cmd.Env = append(cmd.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v", pkg, err)
	}
	return strings.Fields(string(out))
}

// TestArrows holds who may know whom.
func TestArrows(t *testing.T) {
	const (
		msal    = "github.com/AzureAD/microsoft-authentication-library-for-go"
		keyring = "github.com/zalando/go-keyring"
		systray = "fyne.io/systray"
		beeep   = "github.com/gen2brain/beeep"
	)
	outer := []string{"net/http", msal, keyring, systray, beeep}
	for _, c := range []struct {
		pkg    string
		ours   []string // the only packages of ours it may reach
		barred []string
	}{
		{"heliograph/detect", []string{"heliograph/detect/pulse"}, outer},
		{"heliograph/detect/pulse", nil, outer},
		{"heliograph/assets", nil, outer},
		{"heliograph/tray", nil, []string{"net/http", msal, keyring}},
		{"heliograph/tray/config", nil, outer},
		{"heliograph/tray/remote", nil, outer},
		{"heliograph/graph/presence", []string{"heliograph/detect", "heliograph/detect/pulse"}, outer},
		{"heliograph/graph/emu", nil, []string{msal, keyring, systray, beeep}},
		{"heliograph/graph", []string{"heliograph/graph/presence", "heliograph/detect", "heliograph/detect/pulse"}, []string{systray, beeep}},
	} {
		t.Run(strings.ReplaceAll(c.pkg, "/", "_"), func(t *testing.T) {
			for _, goos := range []string{"linux", "windows", "darwin"} {
				for _, d := range deps(t, goos, c.pkg) {
					if strings.HasPrefix(d, "heliograph/") && d != c.pkg && !slices.Contains(c.ours, d) {
						t.Errorf("%s: %s must not know %s", goos, c.pkg, d)
					}
					for _, b := range c.barred {
						if d == b || strings.HasPrefix(d, b+"/") {
							t.Errorf("%s: %s must not reach %s", goos, c.pkg, d)
						}
					}
				}
			}
		})
	}
}

// TestOneDoor holds that what is global to the process or secret has one
// package that touches it.
func TestOneDoor(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}:{{join .Imports " "}}`, "heliograph/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	doors := map[string]string{
		"fyne.io/systray":               "heliograph/tray",
		"github.com/gen2brain/beeep":    "heliograph/tray",
		"github.com/zalando/go-keyring": "heliograph/graph",
		"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public": "heliograph/graph",
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		for _, i := range strings.Fields(imports) {
			if door, ok := doors[i]; ok {
				seen++
				if pkg != door {
					t.Errorf("%s imports %s: that is for %s alone", pkg, i, door)
				}
			}
		}
	}
	if seen != len(doors) {
		t.Errorf("%d of %d doors found: this test looks for the wrong names", seen, len(doors))
	}
}
