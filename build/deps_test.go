// Package build holds rules for the whole tree, as tests; its folders hold the
// tools that test and package the program.
package build

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows lists every package of ours with all packages of ours that it may
// import itself, on any system, tests aside. A package that is not here may not
// exist; an arrow that nothing uses is removed.
var arrows = map[string][]string{
	"heliograph":                            {"heliograph/tray/cli", "heliograph/tray/console"},
	"heliograph/assets":                     {},
	"heliograph/build":                      {},
	"heliograph/build/day":                  {"heliograph/detect", "heliograph/graph", "heliograph/graph/emu", "heliograph/graph/presence"},
	"heliograph/build/e2e":                  {},
	"heliograph/build/lab":                  {"heliograph/build/wait", "heliograph/graph/emu"},
	"heliograph/build/licences":             {},
	"heliograph/build/macos/icns":           {"heliograph/assets"},
	"heliograph/build/man":                  {"heliograph/tray/cli"},
	"heliograph/build/wait":                 {},
	"heliograph/build/windows/e2e":          {},
	"heliograph/build/windows/e2e/explorer": {},
	"heliograph/build/windows/headers":      {},
	"heliograph/build/windows/icons":        {"heliograph/assets"},
	"heliograph/build/windows/shim":         {},
	"heliograph/detect":                     {"heliograph/detect/call", "heliograph/detect/consent", "heliograph/detect/coreaudio", "heliograph/detect/desktop", "heliograph/detect/kernel", "heliograph/detect/lastinput", "heliograph/detect/latest", "heliograph/detect/logind", "heliograph/detect/macos", "heliograph/detect/pulse", "heliograph/detect/wasapi", "heliograph/detect/wayland", "heliograph/detect/winmsg", "heliograph/detect/winproc", "heliograph/detect/wts", "heliograph/detect/x11"},
	"heliograph/detect/bus":                 {},
	"heliograph/detect/bus/bustest":         {},
	"heliograph/detect/call":                {"heliograph/detect/readable"},
	"heliograph/detect/call/corpus":         {"heliograph/detect/call"},
	"heliograph/detect/consent":             {"heliograph/detect/oscall", "heliograph/detect/winproc"},
	"heliograph/detect/coreaudio":           {"heliograph/detect/corefoundation", "heliograph/detect/oscall"},
	"heliograph/detect/corefoundation":      {},
	"heliograph/detect/desktop":             {"heliograph/detect/bus"},
	"heliograph/detect/kernel":              {},
	"heliograph/detect/lastinput":           {"heliograph/detect/oscall", "heliograph/detect/winmsg"},
	"heliograph/detect/latest":              {},
	"heliograph/detect/logind":              {"heliograph/detect/bus"},
	"heliograph/detect/macos":               {"heliograph/detect/corefoundation", "heliograph/detect/latest", "heliograph/detect/oscall"},
	"heliograph/detect/oscall":              {},
	"heliograph/detect/pulse":               {},
	"heliograph/detect/readable":            {},
	"heliograph/detect/wasapi":              {"heliograph/detect/oscall", "heliograph/detect/winproc"},
	"heliograph/detect/wayland":             {},
	"heliograph/detect/winmsg":              {"heliograph/detect/oscall"},
	"heliograph/detect/winproc":             {},
	"heliograph/detect/wts":                 {"heliograph/detect/oscall", "heliograph/detect/winmsg"},
	"heliograph/detect/x11":                 {},
	"heliograph/graph":                      {"heliograph/detect/bus", "heliograph/detect/corefoundation", "heliograph/detect/latest", "heliograph/graph/presence", "heliograph/graph/retryafter", "heliograph/graph/zone"},
	"heliograph/graph/emu":                  {},
	"heliograph/graph/presence":             {"heliograph/detect", "heliograph/detect/latest"},
	"heliograph/graph/retryafter":           {},
	"heliograph/graph/zone":                 {},
	"heliograph/tray":                       {"heliograph/detect/bus", "heliograph/detect/corefoundation", "heliograph/detect/latest", "heliograph/detect/readable", "heliograph/detect/winmsg", "heliograph/tray/atomicfile", "heliograph/tray/folders"},
	"heliograph/tray/account":               {"heliograph/detect/latest", "heliograph/graph", "heliograph/graph/presence", "heliograph/tray/settings"},
	"heliograph/tray/app":                   {"heliograph/assets", "heliograph/detect", "heliograph/detect/latest", "heliograph/graph", "heliograph/graph/presence", "heliograph/graph/zone", "heliograph/tray", "heliograph/tray/account", "heliograph/tray/atomicfile", "heliograph/tray/autostart", "heliograph/tray/control", "heliograph/tray/doctor", "heliograph/tray/folders", "heliograph/tray/launch", "heliograph/tray/logbook", "heliograph/tray/menu", "heliograph/tray/outlets", "heliograph/tray/settings", "heliograph/tray/timeline", "heliograph/tray/words"},
	"heliograph/tray/atomicfile":            {},
	"heliograph/tray/autostart":             {"heliograph/tray/atomicfile", "heliograph/tray/folders"},
	"heliograph/tray/cli":                   {"heliograph/detect", "heliograph/detect/readable", "heliograph/graph", "heliograph/graph/emu", "heliograph/graph/presence", "heliograph/graph/zone", "heliograph/tray/account", "heliograph/tray/app", "heliograph/tray/atomicfile", "heliograph/tray/autostart", "heliograph/tray/console", "heliograph/tray/control", "heliograph/tray/doctor", "heliograph/tray/folders", "heliograph/tray/launch", "heliograph/tray/logbook", "heliograph/tray/outlets", "heliograph/tray/settings", "heliograph/tray/support", "heliograph/tray/words"},
	"heliograph/tray/console":               {},
	"heliograph/tray/control":               {"heliograph/detect/readable", "heliograph/tray/atomicfile"},
	"heliograph/tray/doctor":                {"heliograph/detect", "heliograph/graph", "heliograph/graph/presence", "heliograph/tray", "heliograph/tray/control", "heliograph/tray/settings", "heliograph/tray/words"},
	"heliograph/tray/folders":               {},
	"heliograph/tray/launch":                {},
	"heliograph/tray/logbook":               {"heliograph/tray/atomicfile", "heliograph/tray/folders"},
	"heliograph/tray/menu":                  {"heliograph/graph/presence", "heliograph/tray", "heliograph/tray/words"},
	"heliograph/tray/outlets":               {"heliograph/detect/bus", "heliograph/detect/latest", "heliograph/graph/retryafter", "heliograph/tray/atomicfile", "heliograph/tray/control"},
	"heliograph/tray/settings":              {"heliograph/detect", "heliograph/detect/call", "heliograph/detect/latest", "heliograph/graph/presence", "heliograph/tray/atomicfile", "heliograph/tray/folders"},
	"heliograph/tray/support":               {"heliograph/tray/control", "heliograph/tray/settings"},
	"heliograph/tray/timeline":              {"heliograph/tray/atomicfile"},
	"heliograph/tray/words":                 {"heliograph/graph/presence", "heliograph/graph/zone"},
}

// outside says which packages may import a package that speaks to the world
// beyond this process, or that is global to the process.
var outside = map[string][]string{
	"fyne.io/systray":               {"heliograph/tray"},
	"github.com/fsnotify/fsnotify":  {"heliograph/detect/bus", "heliograph/tray/control", "heliograph/tray/settings"},
	"github.com/gen2brain/beeep":    {"heliograph/tray"},
	"github.com/zalando/go-keyring": {"heliograph/graph"},
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public":       {"heliograph/graph"},
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential": {"heliograph/graph"},
	"net/http": {"heliograph/build/day", "heliograph/build/lab", "heliograph/graph", "heliograph/graph/emu", "heliograph/graph/retryafter", "heliograph/tray/account", "heliograph/tray/app", "heliograph/tray/cli", "heliograph/tray/outlets"},
}

// imports lists what each package of ours imports itself on one system.
func imports(t *testing.T, goos string) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "heliograph/...")
	cmd.Env = append(cmd.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list for %s: %v", goos, err)
	}
	found := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		found[words[0]] = words[1:]
	}
	return found
}

// TestArrows holds every package to the two lists above.
func TestArrows(t *testing.T) {
	used := map[[2]string]bool{} // arrow, as {from, to}
	exists := map[string]bool{}
	for _, goos := range []string{"linux", "windows", "darwin"} {
		for pkg, all := range imports(t, goos) {
			exists[pkg] = true
			may, listed := arrows[pkg]
			if !listed {
				t.Errorf("%s is not on the list of arrows", pkg)
			}
			for _, i := range all {
				used[[2]string{pkg, i}] = true
				if strings.HasPrefix(i, "heliograph/") && !slices.Contains(may, i) {
					t.Errorf("%s: %s must not import %s", goos, pkg, i)
				}
				if who, global := outside[i]; global && !slices.Contains(who, pkg) {
					t.Errorf("%s: %s must not import %s", goos, pkg, i)
				}
			}
		}
	}
	// An arrow that nothing uses would allow an import that nobody has decided
	// on.
	for pkg, may := range arrows {
		if !exists[pkg] {
			t.Errorf("%s is on the list of arrows and does not exist", pkg)
		}
		for _, to := range may {
			if !used[[2]string{pkg, to}] {
				t.Errorf("%s may import %s and does not", pkg, to)
			}
		}
	}
	for pkg, who := range outside {
		for _, from := range who {
			if !used[[2]string{from, pkg}] {
				t.Errorf("%s may import %s and does not", from, pkg)
			}
		}
	}
}

// TestToolsStayOutOfTheProgram: what makes manual pages, and what only tests
// use, is not part of the binary that people install.
func TestToolsStayOutOfTheProgram(t *testing.T) {
	tools := []string{"github.com/cpuguy83/go-md2man", "github.com/russross/blackfriday", "go.yaml.in/yaml",
		"github.com/santhosh-tekuri/jsonschema", "github.com/rogpeppe/go-internal"}
	for _, goos := range []string{"linux", "windows", "darwin"} {
		cmd := exec.Command("go", "list", "-deps", "heliograph")
		cmd.Env = append(cmd.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list for %s: %v", goos, err)
		}
		for pkg := range strings.Lines(string(out)) {
			pkg = strings.TrimSpace(pkg)
			if slices.ContainsFunc(tools, func(tool string) bool { return pkg == tool || strings.HasPrefix(pkg, tool+"/") }) {
				t.Errorf("%s: the program holds %s", goos, pkg)
			}
		}
	}
}
