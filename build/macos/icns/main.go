// Command icns writes the program's icon in the format of macOS.
//
// usage: go run ./build/macos/icns FILE
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"

	"heliograph/assets"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: icns FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], icns(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "icns:", err)
		os.Exit(1)
	}
}

// sizes are the kinds that hold a PNG, in pixels; the second of a size is for
// dense screens.
//
// Source: https://en.wikipedia.org/wiki/Apple_Icon_Image_format; Apple documents
// none
var sizes = []struct {
	kind   string
	pixels int
}{{"icp4", 16}, {"icp5", 32}, {"ic11", 32}, {"ic12", 64}, {"ic07", 128}, {"ic13", 256}, {"ic08", 256}, {"ic14", 512}, {"ic09", 512}, {"ic10", 1024}}

// icns returns the file: a head, then for each size its kind, length and PNG.
func icns() []byte {
	var body bytes.Buffer
	for _, s := range sizes {
		png := assets.PNG("app", s.pixels, false)
		body.WriteString(s.kind)
		_ = binary.Write(&body, binary.BigEndian, uint32(8+len(png))) // a buffer takes every write
		body.Write(png)
	}
	head := append([]byte("icns"), binary.BigEndian.AppendUint32(nil, uint32(8+body.Len()))...)
	return append(head, body.Bytes()...)
}
