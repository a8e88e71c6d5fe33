package pulse

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// decoded decodes a reply of the named list.
func decoded(list string, body []byte, version uint32) ([]any, *decoder) {
	d := decoderOf(body, version)
	for _, k := range kinds {
		if k.name == list {
			return k.decode(d), d
		}
	}
	panic("there is no list " + list)
}

// What real servers list is read to its last byte. Beside each recording is
// what it contains, compared with what pactl listed at the time.
func TestRecordedReplies(t *testing.T) {
	for name, body := range recorded(t) {
		list, d := decoded(path.Base(name), body, version)
		if d.err != nil || d.left != 0 {
			t.Errorf("%s: %d bytes left: %v", name, d.left, d.err)
		}
		var got strings.Builder
		for _, e := range list {
			switch e := e.(type) {
			case Stream:
				fmt.Fprintf(&got, "stream %d of client %d on %d, %d Hz by %q, corked: %v, %q (%s)\n", e.Index, e.Client, e.Device, e.Rate, e.Resample, e.Corked,
					e.Properties["application.name"], e.Properties["application.process.binary"])
			case Source:
				fmt.Fprintf(&got, "source %d %s, monitor: %v\n", e.Index, e.Name, e.Monitor)
			case Client:
				fmt.Fprintf(&got, "client %d %q (%s)\n", e.Index, e.Properties["application.name"], e.Properties["application.process.binary"])
			}
		}
		want, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, &got, want)
		}
	}
}

// sample returns an entry of every kind, with a value to keep and one to drop.
func sample(k int, version int) []byte {
	return kinds[k].body(version, "a name", textProperty("application.name", "Zoom"), textProperty("window.title", "secret"))
}

// Each version has its own fields, and entries follow each other without gaps.
func TestVersions(t *testing.T) {
	for v := minVersion; v <= version; v++ {
		for i, k := range kinds {
			body := slices.Concat(sample(i, v), sample(i, v))
			list, d := decoded(k.name, body, uint32(v))
			if d.err != nil || len(list) != 2 || !reflect.DeepEqual(list[0], list[1]) {
				t.Fatalf("version %d: %s: %+v, %v", v, k.name, list, d.err)
			}
			var want any
			properties := map[string]string{"application.name": "Zoom"}
			switch k.name {
			case "source-outputs":
				want = Stream{Index: 7, Client: 3, Device: 2, Rate: 48000, Resample: "speex-float-1", Corked: true, Properties: properties}
			case "sink-inputs":
				want = Stream{Index: 8, Client: 3, Device: 1, Rate: 44100, Resample: "copy", Corked: true, Properties: properties}
			case "sources":
				want = Source{Index: 2, Name: "a name", Monitor: true}
			case "clients":
				want = Client{Index: 3, Properties: properties}
			}
			if !reflect.DeepEqual(list[0], want) {
				t.Errorf("version %d: %s: %+v, want %+v", v, k.name, list[0], want)
			}
		}
	}
}

// Names of any length leave what follows them intact, and cost no memory if
// they are longer than what identifies a program. Names of 2,011 bytes once
// ended the program.
func TestTextOfAnyLength(t *testing.T) {
	for _, size := range []int{0, 1, 255, 256, 1023, 1024, 1025, 2010, 2011, 4096, 60_000, 1 << 20} {
		text := strings.Repeat("é", size/2) + strings.Repeat("x", size%2)
		kept := text
		if size > maxText {
			kept = ""
		}
		for _, k := range kinds {
			body := k.body(version, text, textProperty("media.name", text), textProperty("window.title", text), textProperty(text, "x"), textProperty("application.name", "Zoom"))
			list, d := decoded(k.name, slices.Concat(body, body), version)
			if d.err != nil || len(list) != 2 {
				t.Fatalf("%s: %d bytes: %d entries, %v", k.name, size, len(list), d.err)
			}
			switch e := list[1].(type) {
			case Source:
				if e.Name != kept || e.Index != 2 || !e.Monitor {
					t.Errorf("%d bytes: %+v", size, e)
				}
			case Client:
				if e.Properties["media.name"] != kept || e.Properties["application.name"] != "Zoom" {
					t.Errorf("%d bytes: %+v", size, e)
				}
			case Stream:
				if e.Properties["media.name"] != kept || e.Properties["application.name"] != "Zoom" || !e.Corked {
					t.Errorf("%d bytes: %+v", size, e)
				}
			}
		}
	}
}

// A tag that is not the one of its field is an error, wherever it is.
func TestWrongTags(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	some := []byte("tNLP1\x00")
	try := func(list, name string, body, tried []byte) {
		count := 0
		for _, at := range tags(t, body) {
			right := body[at.offset]
			for _, wrong := range tried {
				if wrong == right || (strings.IndexByte("01", wrong) >= 0 && strings.IndexByte("01", right) >= 0) {
					continue
				}
				bad := bytes.Clone(body)
				bad[at.offset] = wrong
				if got, d := decoded(list, bad, version); d.err == nil {
					t.Errorf("%s: %q for %q at %d: %d entries and no error", name, wrong, right, at.offset, len(got))
				}
				count++
			}
		}
		t.Logf("%s: %d wrong tags", name, count)
	}
	for i, k := range kinds {
		try(k.name, "made "+k.name, sample(i, version), every)
	}
	for name, body := range recorded(t) {
		try(path.Base(name), name, body, some) // they are long
	}
}

// A reply that is cut off is an error, unless that is between two entries.
func TestCutOff(t *testing.T) {
	for i, k := range kinds {
		one := sample(i, version)
		two := slices.Concat(one, one)
		for n := range two {
			list, d := decoded(k.name, two[:n], version)
			if whole := n == 0 || n == len(one); whole != (d.err == nil) {
				t.Errorf("%s: the first %d bytes: %d entries, %v", k.name, n, len(list), d.err)
			}
		}
	}
}

func TestValuesThatAreNotText(t *testing.T) {
	for _, c := range []struct {
		name  string
		value []byte
		want  string
		kept  bool
	}{
		{"text", []byte("x\x00"), "x", true},
		{"empty text", []byte("\x00"), "", true},
		{"nothing", nil, "", false},
		{"no zero at the end", []byte("x"), "", false},
		{"a zero within", []byte("x\x00y\x00"), "", false},
		{"two zeros", []byte("x\x00\x00"), "", false},
		{"not UTF-8", []byte("x\xff\x00"), "", false},
		{"as long as is kept", append(bytes.Repeat([]byte("x"), maxText), 0), strings.Repeat("x", maxText), true},
		{"longer", append(bytes.Repeat([]byte("x"), maxText+1), 0), "", false},
	} {
		body := clientBody(version, "x", property{"application.name", c.value}, textProperty("media.name", "next"))
		list, d := decoded("clients", body, version)
		if d.err != nil || len(list) != 1 {
			t.Fatalf("%s: %v", c.name, d.err)
		}
		got := list[0].(Client).Properties
		if v, ok := got["application.name"]; v != c.want || ok != c.kept || got["media.name"] != "next" {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// A name that is not text is empty.
func TestNamesThatAreNotText(t *testing.T) {
	list, d := decoded("sources", sourceBody(version, "x\xff"), version)
	if d.err != nil || len(list) != 1 {
		t.Fatalf("%d entries, %v", len(list), d.err)
	}
	if s := list[0].(Source); s.Name != "" || s.Index != 2 || !s.Monitor {
		t.Errorf("%d, %q", s.Index, s.Name)
	}
}

// The error says which value it was.
func TestErrorsNameTheField(t *testing.T) {
	good := sourceOutputBody(version, "x", textProperty("a", "b"))
	at := bytes.Index(good, []byte("a\x00L")) + 2
	twoLengths := bytes.Clone(good)
	twoLengths[at+4]++
	tooLong := bytes.Clone(good)
	tooLong[at+1], tooLong[at+6] = 0xff, 0xff // four gigabytes
	corked := bytes.LastIndex(good, []byte("N1v")) + 1
	notBool := bytes.Clone(good)
	notBool[corked] = 'L'
	for _, c := range []struct{ name, body, want string }{
		{"tag", string(notBool), `list, entry 2: corked: its tag is 0x4c, not '0'`},
		{"two lengths", string(twoLengths), "list, entry 2: properties: a value has two lengths"},
		{"long value", string(tooLong), "list, entry 2: properties: it is longer than the rest of the frame"},
		{"no end", string((&message{}).u32(1).b) + "tabc", "list, entry 2: name: its text does not end within the frame"},
		{"cut number", "L\x00", "list, entry 2: index: it is longer than the rest of the frame"},
	} {
		_, d := decoded("source-outputs", append(bytes.Clone(good), c.body...), version)
		if d.err == nil || !strings.HasSuffix(d.err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, d.err, c.want)
		}
	}
}

func TestListsAreBounded(t *testing.T) {
	one := clientBody(version, "x")
	if list, d := decoded("clients", bytes.Repeat(one, maxEntries), version); d.err != nil || len(list) != maxEntries {
		t.Errorf("%d entries, %v", len(list), d.err)
	}
	if list, d := decoded("clients", bytes.Repeat(one, maxEntries+1), version); d.err == nil || len(list) != maxEntries {
		t.Errorf("one more: %d entries, %v", len(list), d.err)
	}
	var many []property
	for range 4 * maxKept / maxText {
		many = append(many, textProperty("application.name", strings.Repeat("x", maxText)))
	}
	if _, d := decoded("clients", clientBody(version, "x", many...), version); d.err == nil || d.kept > maxKept+maxText {
		t.Errorf("%d bytes are kept, %v", d.kept, d.err)
	}
	for i := range many {
		many[i].key = "other"
	}
	if _, d := decoded("clients", clientBody(version, "x", many...), version); d.err != nil {
		t.Errorf("what is not kept counts: %v", d.err)
	}
}

// checkKept fails unless values are within the limits.
func checkKept(t *testing.T, list []any) {
	t.Helper()
	text := func(s string) {
		if len(s) > maxText || !utf8.ValidString(s) {
			t.Errorf("kept %d bytes: %.40q", len(s), s)
		}
	}
	total := 0
	properties := func(p map[string]string) {
		for k, v := range p {
			if !slices.Contains(wanted, k) {
				t.Errorf("kept %q", k)
			}
			text(v)
			total += len(v)
		}
	}
	for _, e := range list {
		switch e := e.(type) {
		case Stream:
			text(e.Resample)
			total += len(e.Resample)
			properties(e.Properties)
		case Source:
			text(e.Name)
			total += len(e.Name)
		case Client:
			properties(e.Properties)
		}
	}
	if total > maxKept || len(list) > maxEntries {
		t.Errorf("kept %d bytes in %d entries", total, len(list))
	}
}

// FuzzReply decodes any reply: no panic, nothing kept beyond the limits, and
// without an error the whole reply is read.
func FuzzReply(f *testing.F) {
	for name, body := range recorded(f) {
		for i, k := range kinds {
			if k.name == path.Base(name) {
				f.Add(uint8(i), uint8(version), body)
			}
		}
	}
	for i := range kinds {
		for _, v := range []int{minVersion, 21, version} {
			f.Add(uint8(i), uint8(v), sample(i, v))
		}
	}
	f.Fuzz(func(t *testing.T, kind, version uint8, body []byte) {
		d := decoderOf(body, uint32(version))
		list := kinds[int(kind)%len(kinds)].decode(d)
		checkKept(t, list)
		if d.err == nil && d.left != 0 {
			t.Errorf("%d bytes are left", d.left)
		}
		if d.left < 0 {
			t.Errorf("read %d bytes more than there are", -d.left)
		}
	})
}
