//go:build !windows

// Package headers holds what our code says about Windows to the headers of
// Windows: the values of constants, messages and GUIDs, the places of methods
// in the tables of COM, how many arguments functions and methods take, and where
// the fields of structures are. The code itself is read, so a constant that is
// not on the list here fails the test.
//
// The headers are those of mingw-w64, which their authors wrote from Microsoft's
// documents. Clang reads them, and translates nothing.
package headers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestCodeAgreesWithTheHeaders checks everything that the code says.
func TestCodeAgreesWithTheHeaders(t *testing.T) {
	needHeaders(t)
	c := load(t)
	for _, fault := range slices.Concat(c.faults, c.unlisted(facts, layouts, ours), stale(c, facts, layouts, ours)) {
		t.Error(fault)
	}
	checks := c.checks(facts, layouts)
	if len(checks) < 150 {
		t.Errorf("only %d facts are checked", len(checks))
	}
	for _, target := range targets {
		for _, fault := range probe(t, target, checks) {
			t.Errorf("%s: %s", target, fault)
		}
	}
	for _, fault := range c.wrongGUIDs(readGUIDs(t), facts) {
		t.Error(fault)
	}
	t.Logf("%d facts and %d GUIDs agree", len(checks), len(c.guids))
}

// unlisted returns what is in the code and on no list.
func (c *code) unlisted(facts map[string]string, layouts map[string]shape, ours map[string]string) []string {
	var faults []string
	for _, key := range c.keys() {
		_, fact := facts[key]
		_, laid := layouts[key]
		_, own := ours[key]
		if !fact && !laid && !own {
			faults = append(faults, key+" is on no list: name it as the headers of Windows do in facts or layouts, or say in ours why it is not theirs")
		}
	}
	return faults
}

// stale returns what is on a list and not in the code.
func stale(c *code, facts map[string]string, layouts map[string]shape, ours map[string]string) []string {
	keys := c.keys()
	var faults []string
	for key := range maps.Keys(facts) {
		if !slices.Contains(keys, key) {
			faults = append(faults, key+" is in facts, but not in the code")
		}
	}
	for key := range maps.Keys(layouts) {
		if !slices.Contains(keys, key) {
			faults = append(faults, key+" is in layouts, but not in the code")
		}
	}
	for key := range maps.Keys(ours) {
		if !slices.Contains(keys, key) {
			faults = append(faults, key+" is in ours, but not in the code")
		}
	}
	return faults
}

// sample is code with one fact of each kind.
const sample = `package sample

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

var procPost = windows.NewLazySystemDLL("user32.dll").NewProc("PostMessageW")

const activate = 3

var (
	unknown = newGUID(0, 0, 0, 0xC000000000000046)
	display = [16]byte{0x0E, 0xC2, 0x84, 0x2B, 0x23, 0xAD, 0xDF, 0x4D, 0x93, 0xDB, 0x05, 0xFF, 0xBD, 0x7E, 0xFC, 0xA5}
	title   = property{newGUID(0xA45C254E, 0xDF1C, 0x4EFD, 0x802067D146A850E0), 14}
)

type property struct {
	format windows.GUID
	id     uint32
}

type class struct {
	size uint32
	proc uintptr
}

type object struct{}

func (*object) call(int, ...uintptr) {}

func newGUID(uint32, uint16, uint16, uint64) (g windows.GUID) { return g }

func f(o *object) {
	const closing = 16
	var c class
	o.call(activate, 0, 0, 0, 0)
	procPost.Call(0, closing, 0, uintptr(unsafe.Pointer(&c)))
	procPost.Call(0, 17, 0, 0)
}
`

// readSample reads the sample after a replacement.
func readSample(t *testing.T, old, replacement string) *code {
	t.Helper()
	if strings.Count(sample, old) != 1 {
		t.Fatalf("the sample has %q %d times", old, strings.Count(sample, old))
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "sample_windows.go", strings.Replace(sample, old, replacement, 1), 0)
	if err != nil {
		t.Fatal(err)
	}
	c := &code{}
	if err := c.read("sample", fset, []*ast.File{file}, exports(t)); err != nil {
		t.Fatal(err)
	}
	return c
}

var (
	sampleFacts = map[string]string{
		"sample.activate":  "IMMDevice::Activate",
		"sample.unknown":   "IID_IUnknown",
		"sample.display":   "GUID_SESSION_DISPLAY_STATUS",
		"sample.title":     "PKEY_Device_FriendlyName",
		"sample.f.closing": "WM_CLOSE",
	}
	sampleLayouts = map[string]shape{"sample.class": {"WNDPROCPAIR", "size proc"}}
)

// sampleHeader declares the sample's structure.
const sampleHeader = "typedef struct { UINT size; WNDPROC proc; } WNDPROCPAIR;\n"

// TestWrongFactsAreFound holds that each kind of fact is found in the code, and
// that a wrong one is reported, by its name.
func TestWrongFactsAreFound(t *testing.T) {
	needHeaders(t)
	guids := readGUIDs(t)
	tests := map[string]struct{ old, replacement, fault string }{
		"right":                 {"activate = 3", "activate = 3", ""},
		"place of a method":     {"activate = 3", "activate = 4", "sample.activate"},
		"arguments of a method": {"o.call(activate, 0, 0, 0, 0)", "o.call(activate, 0, 0, 0)", "sample_windows.go:38"},
		"message":               {"closing = 16", "closing = 17", "sample.f.closing"},
		"name of a function":    {`"PostMessageW"`, `"PostMessageX"`, "PostMessageX"},
		"arguments":             {"procPost.Call(0, 17, 0, 0)", "procPost.Call(0, 1, 0)", "sample_windows.go:40"},
		"size of a field":       {"size uint32", "size uint16", "sample.class.size"},
		"offset of a field":     {"size uint32\n\tproc uintptr", "size uint32\n\tproc uint32", "sample.class.proc"},
		"missing field":         {"size uint32\n\tproc uintptr", "size uint32", "sample.class"},
		"GUID in bytes":         {"0x2B, 0x23", "0x2B, 0x24", "sample.display"},
		"property":              {", 14}", ", 15}", "sample.title"},
		"GUID of a property":    {"0xA45C254E", "0xA45C254F", "sample.title"},
		"GUID":                  {"0xC000000000000046", "0xC000000000000047", "sample.unknown"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := readSample(t, test.old, test.replacement)
			faults := probeWith(t, targets[0], sampleHeader, c.checks(sampleFacts, sampleLayouts))
			faults = append(faults, c.wrongGUIDs(guids, sampleFacts)...)
			switch {
			case test.fault == "" && len(faults) > 0:
				t.Errorf("faults without any: %q", faults)
			case test.fault != "" && (len(faults) == 0 || !strings.Contains(strings.Join(faults, "\n"), test.fault)):
				t.Errorf("%q is not reported: %q", test.fault, faults)
			}
		})
	}
}

// TestNewFactsAreFound holds that code with a constant, GUID or structure that
// is on no list, or with a number that has no name, is reported.
func TestNewFactsAreFound(t *testing.T) {
	c := readSample(t, "activate = 3", "activate = 3")
	got := slices.Sorted(slices.Values(slices.Concat(c.unlisted(nil, nil, nil), c.faults)))
	want := []string{"sample.activate", "sample.class", "sample.display", "sample.f.closing", "sample.title", "sample.unknown", "sample/sample_windows.go:40: the number 17 has no name"}
	if len(got) != len(want) {
		t.Fatalf("%d faults: %q", len(got), got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("%q instead of %q", got[i], want[i])
		}
	}
	if faults := c.unlisted(sampleFacts, sampleLayouts, nil); len(faults) > 0 {
		t.Errorf("on a list, and reported: %q", faults)
	}
	if faults := stale(&code{}, sampleFacts, sampleLayouts, nil); len(faults) != len(sampleFacts)+len(sampleLayouts) {
		t.Errorf("of lists without code: %q", faults)
	}
}
