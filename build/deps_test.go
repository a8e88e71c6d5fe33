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
	".":                          {"tray/cli", "tray/console"},
	"assets":                     {},
	"build":                      {},
	"build/e2e":                  {},
	"build/lab":                  {"graph/emu"},
	"build/licences":             {},
	"build/macos/icns":           {"assets"},
	"build/man":                  {"tray/cli"},
	"build/windows/e2e":          {},
	"build/windows/e2e/explorer": {},
	"build/windows/icons":        {"assets"},
	"build/windows/shim":         {},
	"detect":                     {"detect/call", "detect/consent", "detect/coreaudio", "detect/desktop", "detect/kernel", "detect/lastinput", "detect/latest", "detect/logind", "detect/macos", "detect/pulse", "detect/wasapi", "detect/wayland", "detect/winmsg", "detect/wts", "detect/x11"},
	"detect/bus":                 {},
	"detect/bus/bustest":         {},
	"detect/call":                {},
	"detect/call/corpus":         {"detect/call"},
	"detect/consent":             {"detect/oscall", "detect/winproc"},
	"detect/coreaudio":           {"detect/corefoundation", "detect/oscall"},
	"detect/corefoundation":      {},
	"detect/desktop":             {"detect/bus"},
	"detect/kernel":              {},
	"detect/lastinput":           {"detect/oscall", "detect/winmsg"},
	"detect/latest":              {},
	"detect/logind":              {"detect/bus"},
	"detect/macos":               {"detect/corefoundation", "detect/oscall"},
	"detect/oscall":              {},
	"detect/pulse":               {},
	"detect/wasapi":              {"detect/oscall", "detect/winproc"},
	"detect/wayland":             {},
	"detect/winmsg":              {"detect/oscall"},
	"detect/winproc":             {},
	"detect/wts":                 {"detect/oscall", "detect/winmsg"},
	"detect/x11":                 {},
	"graph":                      {"detect/bus", "graph/presence", "graph/retryafter", "graph/zone"},
	"graph/emu":                  {},
	"graph/presence":             {"detect", "detect/latest"},
	"graph/retryafter":           {},
	"graph/zone":                 {},
	"tray":                       {"detect/bus", "tray/atomicfile", "tray/folders"},
	"tray/account":               {"graph", "graph/presence", "tray/settings"},
	"tray/app":                   {"assets", "detect", "detect/latest", "graph", "graph/presence", "graph/zone", "tray", "tray/account", "tray/atomicfile", "tray/autostart", "tray/control", "tray/doctor", "tray/folders", "tray/launch", "tray/logbook", "tray/menu", "tray/outlets", "tray/settings", "tray/timeline", "tray/words"},
	"tray/atomicfile":            {},
	"tray/autostart":             {"tray/atomicfile", "tray/folders"},
	"tray/cli":                   {"detect", "graph", "graph/emu", "graph/presence", "graph/zone", "tray/account", "tray/app", "tray/autostart", "tray/control", "tray/doctor", "tray/folders", "tray/launch", "tray/logbook", "tray/outlets", "tray/settings", "tray/words"},
	"tray/console":               {},
	"tray/control":               {},
	"tray/doctor":                {"detect", "graph", "graph/presence", "tray", "tray/control", "tray/settings", "tray/words"},
	"tray/folders":               {},
	"tray/launch":                {},
	"tray/logbook":               {"tray/folders"},
	"tray/menu":                  {"graph/presence", "tray", "tray/words"},
	"tray/outlets":               {"detect/bus", "detect/latest", "graph/retryafter", "tray/control"},
	"tray/settings":              {"detect", "detect/call", "detect/latest", "graph/presence", "tray/atomicfile", "tray/folders"},
	"tray/timeline":              {"tray/atomicfile"},
	"tray/words":                 {"graph/presence", "graph/zone"},
}

// outside says which packages may import a package that speaks to the world
// beyond this process, or that is global to the process.
var outside = map[string][]string{
	"fyne.io/systray":               {"tray"},
	"github.com/fsnotify/fsnotify":  {"tray/settings"},
	"github.com/gen2brain/beeep":    {"tray"},
	"github.com/zalando/go-keyring": {"graph"},
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public":       {"graph"},
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential": {"graph"},
	"net/http": {"build/lab", "graph", "graph/emu", "graph/retryafter", "tray/account", "tray/app", "tray/cli", "tray/outlets"},
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
		found[short(words[0])] = words[1:]
	}
	return found
}

// short returns a package's path within the module; "." is the program itself.
func short(pkg string) string {
	if pkg == "heliograph" {
		return "."
	}
	return strings.TrimPrefix(pkg, "heliograph/")
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
				used[[2]string{pkg, short(i)}] = true
				if strings.HasPrefix(i, "heliograph/") && !slices.Contains(may, short(i)) {
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
