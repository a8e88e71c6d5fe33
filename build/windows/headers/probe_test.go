//go:build !windows

package headers

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// include is where Debian's mingw-w64-common has its headers.
const include = "/usr/share/mingw-w64/include"

// targets are the systems that heliograph is built for.
var targets = []string{"x86_64-w64-mingw32", "aarch64-w64-mingw32"}

// prelude makes the headers declare what Windows 10 and its C interfaces have.
const prelude = `#define _WIN32_WINNT 0x0A00
#define CINTERFACE
#define COBJMACROS
#include <stddef.h>
#include <winsock2.h>
#include <windows.h>
#include <dbt.h>
#include <functiondiscoverykeys_devpkey.h>
#include <audioclient.h>
#include <audiopolicy.h>
#include <hidusage.h>
#include <iphlpapi.h>
#include <mmdeviceapi.h>
#include <powrprof.h>
#include <propsys.h>
#include <shellapi.h>
#include <wincred.h>
#include <wtsapi32.h>
`

// supplement is what Debian's headers lack, from Microsoft's documents:
//
//   - "HID Usages": the two usages of the digitizer page
//   - "WTSINFOEXW structure", "WTSINFOEX_LEVEL1_W structure", "WTS_INFO_CLASS
//     enumeration": WTSSessionInfoEx follows WTSSessionInfo
//   - "GetPackageFamilyName function"
//
// Pages of https://learn.microsoft.com/windows/win32/api; what the headers
// declare themselves one day must agree with it.
const supplement = `#define HID_USAGE_DIGITIZER_TOUCH_SCREEN ((USAGE) 0x04)
#define HID_USAGE_DIGITIZER_TOUCH_PAD ((USAGE) 0x05)
#define WTS_SESSIONSTATE_LOCK 0x00000000
typedef struct {
	DWORD Level;
	union {
		struct {
			ULONG SessionId;
			WTS_CONNECTSTATE_CLASS SessionState;
			LONG SessionFlags;
			WCHAR WinStationName[32 + 1];
			WCHAR UserName[20 + 1];
			WCHAR DomainName[17 + 1];
			LARGE_INTEGER LogonTime, ConnectTime, DisconnectTime, LastInputTime, CurrentTime;
			DWORD IncomingBytes, OutgoingBytes, IncomingFrames, OutgoingFrames, IncomingCompressedBytes, OutgoingCompressedBytes;
		} WTSInfoExLevel1;
	} Data;
} documented_WTSINFOEXW;
LONG GetPackageFamilyName(HANDLE, UINT32 *, PWSTR);
`

// check is a line of C that compiles if a fact is right.
type check struct{ about, line string }

// checks returns the checks of all that the code says, but the GUIDs.
func (c *code) checks(facts map[string]string, layouts map[string]shape) []check {
	var all []check
	for _, n := range c.constants {
		if name, ok := facts[n.key]; ok {
			all = append(all, check{n.key + " is not " + name, equal(expression(name), n.value.ExactString()+"ULL")})
		}
	}
	for _, f := range c.functions {
		line := fmt.Sprintf("(void)sizeof(&%s);", f.name)
		if f.arguments >= 0 {
			line = fmt.Sprintf("(void)%s(%s);", f.name, zeros(f.arguments))
		}
		all = append(all, check{fmt.Sprintf("%s, called at %s", f.name, f.at), line})
	}
	for _, m := range c.methods {
		face, name, ok := strings.Cut(facts[m.place], "::")
		if !ok || m.arguments < 0 {
			continue
		}
		line := fmt.Sprintf("(void)((%s *)0)->lpVtbl->%s(%s);", face, name, zeros(m.arguments+1))
		all = append(all, check{fmt.Sprintf("%s::%s, called at %s", face, name, m.at), line})
	}
	for _, l := range c.layouts {
		if s, ok := layouts[l.key]; ok {
			all = append(all, l.checks(s)...)
		}
	}
	return all
}

// checks compares a structure with that of the headers, field by field.
func (l layout) checks(s shape) []check {
	all := []check{{l.key + " has another size than " + s.name, equal("sizeof("+s.name+")", strconv.FormatInt(l.size, 10)+"ULL")}}
	names := strings.Fields(s.fields)
	if len(names) != len(l.fields) {
		return append(all, check{l.key + " has not the fields of " + s.name, "_Static_assert(0, \"\");"})
	}
	for i, f := range l.fields {
		if names[i] == "_" { // padding
			continue
		}
		about := fmt.Sprintf("%s.%s is not %s of %s", l.key, f.name, names[i], s.name)
		all = append(all,
			check{about, equal(fmt.Sprintf("offsetof(%s, %s)", s.name, names[i]), fmt.Sprintf("%dULL", f.offset))},
			check{about, equal(fmt.Sprintf("sizeof(((%s *)0)->%s)", s.name, names[i]), fmt.Sprintf("%dULL", f.size))})
	}
	return all
}

// expression returns a name of facts as C. Interface::Method is the place of the
// method in the interface's table.
func expression(name string) string {
	if face, method, ok := strings.Cut(name, "::"); ok {
		return fmt.Sprintf("offsetof(%sVtbl, %s) / sizeof(void *)", face, method)
	}
	return name
}

func equal(expression, value string) string {
	return fmt.Sprintf("_Static_assert((unsigned long long)(%s) == %s, \"\");", expression, value)
}

func zeros(n int) string { return strings.Join(slices.Repeat([]string{"0"}, n), ", ") }

func probe(t *testing.T, target string, checks []check) []string {
	t.Helper()
	return probeWith(t, target, "", checks)
}

// probeWith has clang read the checks, each a line, and returns those that it
// refuses. extra is C to put before them.
func probeWith(t *testing.T, target, extra string, checks []check) []string {
	t.Helper()
	var source bytes.Buffer
	source.WriteString(prelude + supplement + extra + "static void facts(void) {\n")
	first := bytes.Count(source.Bytes(), []byte("\n")) + 1
	for _, c := range checks {
		source.WriteString(c.line + "\n")
	}
	source.WriteString("}\n")
	path := filepath.Join(t.TempDir(), "facts.c")
	if err := os.WriteFile(path, source.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "clang", "-fsyntax-only", "-ferror-limit=0", "-w", "-Werror=implicit-function-declaration",
		"--target="+target, "-isystem", include, path).CombinedOutput()
	var faults []string
	for _, m := range regexp.MustCompile(`facts\.c:(\d+):\d+: (?:fatal )?error: (.*)`).FindAllSubmatch(out, -1) {
		line, _ := strconv.Atoi(string(m[1]))
		if i := line - first; i >= 0 && i < len(checks) {
			faults = append(faults, fmt.Sprintf("%s: %s", checks[i].about, m[2]))
		} else {
			faults = append(faults, string(m[0]))
		}
	}
	if err != nil && len(faults) == 0 {
		t.Fatalf("clang: %v: %s", err, out)
	}
	return faults
}

// readGUIDs reads all GUIDs, and the property keys, of the headers by name. A
// property key is written with its number: guid,number.
func readGUIDs(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(include + "/*.h")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no headers in %s: %v", include, err)
	}
	define := regexp.MustCompile(`DEFINE_(?:GUID|PROPERTYKEY)\s*\(\s*(\w+)\s*,([^)]*)\)`)
	all := map[string]string{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range define.FindAllSubmatch(raw, -1) {
			if text := guidOf(strings.Split(string(m[2]), ",")); text != "" {
				all[string(m[1])] = text
			}
		}
	}
	return all
}

// guidOf writes the eleven numbers of a GUID as hexadecimal digits; empty if it
// is not written with numbers.
func guidOf(parts []string) string {
	digits := []int{8, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2}
	if len(parts) < len(digits) {
		return ""
	}
	text := ""
	for i, d := range digits {
		n, err := strconv.ParseUint(strings.TrimRight(strings.TrimSpace(parts[i]), "LlUu"), 0, 64)
		if err != nil {
			return ""
		}
		text += fmt.Sprintf("%0*x", d, n)
	}
	if len(parts) > len(digits) { // the number of a property
		text += "," + strings.TrimSpace(parts[len(digits)])
	}
	return text
}

// wrongGUIDs returns the GUIDs that differ from those of the headers.
func (c *code) wrongGUIDs(headers, facts map[string]string) []string {
	var faults []string
	for _, g := range c.guids {
		name, ok := facts[g.key]
		if ok && headers[name] != g.value {
			faults = append(faults, fmt.Sprintf("%s is %s; %s is %q", g.key, g.value, name, headers[name]))
		}
	}
	return faults
}

// needHeaders skips the test where clang or the headers are missing;
// build/test installs them, and allows no skip on CI.
func needHeaders(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("clang"); err != nil {
		t.Skip("clang is not installed: build/install-deps headers")
	}
	if _, err := os.Stat(include + "/windows.h"); err != nil {
		t.Skip("the headers of Windows are not installed: build/install-deps headers")
	}
}
