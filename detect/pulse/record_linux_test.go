package pulse

import (
	"bytes"
	"encoding/binary"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var recordName = flag.String("record", "", "record what this desktop's sound server lists into testdata/NAME")

// BenchmarkRecord is the recorder, which no test run starts: go test
// ./detect/pulse -run - -bench Record -benchtime 1x -record pipewire-0.3.65. It keeps no
// value of a property but those that the tests read.
func BenchmarkRecord(b *testing.B) {
	if *recordName == "" {
		b.Skip("records only with -record NAME")
	}
	path, err := Socket()
	if err != nil {
		b.Fatal(err)
	}
	c, err := Dial(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	dir := filepath.Join("testdata", *recordName)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		b.Fatal(err)
	}
	commands := []uint32{commandListSourceOutputs, commandListSinkInputs, commandListSources, commandListClients}
	for i, k := range kinds {
		var body []byte
		err := c.request(b.Context(), commands[i], nil, func(d *decoder) {
			body, d.err = io.ReadAll(io.LimitReader(d.r, int64(d.left)))
			d.left = 0
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%s: %d bytes in version %d", k.name, len(body), c.version)
		if err := os.WriteFile(filepath.Join(dir, k.name+".bin"), anonymous(b, body), 0o666); err != nil {
			b.Fatal(err)
		}
	}
}

// anonymous overwrites the values that the tests do not read, and leaves their
// lengths.
func anonymous(t testing.TB, body []byte) []byte {
	out := bytes.Clone(body)
	for _, at := range tags(t, body) {
		if body[at.offset] != 'x' || (slices.Contains(wanted, at.key) && at.key != "media.name") {
			continue
		}
		value := out[at.offset+5:][:binary.BigEndian.Uint32(body[at.offset+1:])]
		for i, c := range value {
			if c != 0 {
				value[i] = 'x'
			}
		}
	}
	return out
}
