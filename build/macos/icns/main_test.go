package main

import (
	"bytes"
	"encoding/binary"
	"image/png"
	"testing"
)

func TestEverySizeIsThere(t *testing.T) {
	raw := icns()
	if string(raw[:4]) != "icns" || int(binary.BigEndian.Uint32(raw[4:])) != len(raw) {
		t.Fatalf("head %q of %d bytes", raw[:8], len(raw))
	}
	rest := raw[8:]
	for _, s := range sizes {
		n := binary.BigEndian.Uint32(rest[4:])
		m, err := png.Decode(bytes.NewReader(rest[8:n]))
		if err != nil || string(rest[:4]) != s.kind || m.Bounds().Dx() != s.pixels {
			t.Errorf("%q where %s should be: %v", rest[:4], s.kind, err)
		}
		rest = rest[n:]
	}
	if len(rest) != 0 {
		t.Errorf("%d bytes are left", len(rest))
	}
}
