package pulse

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// message builds the body of a reply as a server does, value by value.
type message struct{ b []byte }

func (m *message) u8(v byte) *message { m.b = append(m.b, 'B', v); return m }
func (m *message) u32(v uint32) *message {
	m.b = binary.BigEndian.AppendUint32(append(m.b, 'L'), v)
	return m
}
func (m *message) usec(v uint64) *message {
	m.b = binary.BigEndian.AppendUint64(append(m.b, 'U'), v)
	return m
}
func (m *message) text(s string) *message {
	m.b = append(append(append(m.b, 't'), s...), 0)
	return m
}
func (m *message) null() *message { m.b = append(m.b, 'N'); return m }
func (m *message) boolean(v bool) *message {
	m.b = append(m.b, map[bool]byte{true: '1', false: '0'}[v])
	return m
}
func (m *message) spec(rate uint32) *message {
	m.b = binary.BigEndian.AppendUint32(append(m.b, 'a', 3, 2), rate)
	return m
}
func (m *message) channels() *message { m.b = append(m.b, 'm', 2, 1, 2); return m }
func (m *message) volumes() *message  { m.b = append(m.b, 'v', 2, 0, 1, 0, 0, 0, 1, 0, 0); return m }
func (m *message) volume() *message   { m.b = append(m.b, 'V', 0, 1, 0, 0); return m }

// property is one of a list; the value is all bytes, the zero at the end too.
type property struct {
	key   string
	value []byte
}

func textProperty(key, value string) property { return property{key, append([]byte(value), 0)} }

func (m *message) properties(list ...property) *message {
	m.b = append(m.b, 'P')
	for _, p := range list {
		m.text(p.key).u32(uint32(len(p.value)))
		m.b = binary.BigEndian.AppendUint32(append(m.b, 'x'), uint32(len(p.value)))
		m.b = append(m.b, p.value...)
	}
	return m.null()
}

func (m *message) format() *message {
	m.b = append(m.b, 'f')
	return m.u8(1).properties(textProperty("format.rate", "48000"))
}

// The four entries as a server of the version writes them.

func sourceOutputBody(version int, name string, list ...property) []byte {
	m := (&message{}).u32(7).text(name).u32(noIndex).u32(3).u32(2).spec(48000).channels().usec(0).usec(1).text("speex-float-1").null()
	m.properties(list...).boolean(true)
	if version >= 22 {
		m.volumes().boolean(false).boolean(true).boolean(false).format()
	}
	return m.b
}

func sinkInputBody(version int, name string, list ...property) []byte {
	m := (&message{}).u32(8).text(name).u32(noIndex).u32(3).u32(1).spec(44100).channels().volumes().usec(0).usec(1).text("copy").text("protocol-native.c")
	m.boolean(false).properties(list...).boolean(true)
	if version >= 20 {
		m.boolean(true).boolean(false)
	}
	if version >= 21 {
		m.format()
	}
	return m.b
}

func sourceBody(version int, name string, list ...property) []byte {
	m := (&message{}).u32(2).text(name).text("Monitor of it").spec(48000).channels().u32(4).volumes().boolean(false).u32(1).text("speaker").usec(0).text("module.c").u32(9)
	m.properties(list...).usec(0).volume().u32(0).u32(65537).u32(noIndex).u32(2)
	for _, port := range []string{"mic", "line"} {
		m.text(port).text("A port").u32(100)
		if version >= 24 {
			m.u32(2)
		}
	}
	m.text("mic")
	if version >= 22 {
		m.u8(2).format().format()
	}
	return m.b
}

func clientBody(_ int, name string, list ...property) []byte {
	return (&message{}).u32(3).text(name).u32(noIndex).text("protocol-native.c").properties(list...).b
}

// kinds are the four lists, decoded to a common form.
var kinds = []struct {
	name   string
	body   func(version int, name string, list ...property) []byte
	decode func(d *decoder) []any
}{
	{"source-outputs", sourceOutputBody, func(d *decoder) []any { return all(d, (*decoder).sourceOutput) }},
	{"sink-inputs", sinkInputBody, func(d *decoder) []any { return all(d, (*decoder).sinkInput) }},
	{"sources", sourceBody, func(d *decoder) []any { return all(d, (*decoder).source) }},
	{"clients", clientBody, func(d *decoder) []any { return all(d, (*decoder).client) }},
}

func all[T any](d *decoder, entry func(*decoder) T) []any {
	var out []any
	for _, e := range entries(d, entry) {
		out = append(out, e)
	}
	return out
}

// wanted are the properties that the tests keep.
var wanted = []string{"application.name", "application.process.binary", "media.name"}

func decoderOf(body []byte, version uint32) *decoder {
	return &decoder{r: bufio.NewReader(pieces{bytes.NewReader(body)}), left: len(body), version: version, keep: wanted, what: "list"}
}

// pieces delivers a reply in pieces of a size that fits no buffer.
type pieces struct{ r io.Reader }

func (p pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), 700)]) }

// recorded returns replies of real servers, by "SERVER/LIST"; see
// BenchmarkRecord.
func recorded(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.bin")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	out := map[string][]byte{}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(filepath.Dir(path))+"/"+strings.TrimSuffix(filepath.Base(path), ".bin")] = b
	}
	return out
}

// tagAt is where a tag is, and the property whose value it begins.
type tagAt struct {
	offset int
	key    string
}

// tags finds each tag of a body, without knowing what the values mean.
func tags(t testing.TB, body []byte) (out []tagAt) {
	t.Helper()
	key := ""
	for i := 0; i < len(body); {
		at := tagAt{offset: i}
		tag := body[i]
		i++
		switch tag {
		case 'N', 'P', 'f', '0', '1':
		case 'B':
			i++
		case 'L', 'V':
			i += 4
		case 'U':
			i += 8
		case 'a':
			i += 6
		case 'm':
			i += 1 + int(body[i])
		case 'v':
			i += 1 + 4*int(body[i])
		case 't':
			n := bytes.IndexByte(body[i:], 0)
			key = string(body[i : i+n])
			i += n + 1
		case 'x':
			at.key = key
			i += 4 + int(binary.BigEndian.Uint32(body[i:]))
		default:
			t.Fatalf("at %d: %q is not a tag", i-1, tag)
		}
		out = append(out, at)
	}
	return out
}
