// Command shim writes bcryptprimitives.dll for Wine before 9.0, which lacks
// that library: without it no program that Go has built starts there
// (https://github.com/hajimehoshi/ebiten/issues/3488). The library holds no
// code: its one export, ProcessPrng, is forwarded to the random numbers that
// Wine has. It is for tests only; Windows has its own.
//
// usage: go run ./build/windows/shim FILE
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: shim FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], library("bcryptprimitives.dll", "ProcessPrng", "advapi32.SystemFunction036"), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "shim:", err)
		os.Exit(1)
	}
}

// Layout of the file: headers, then one section with the export directory.
//
// Source: https://learn.microsoft.com/windows/win32/debug/pe-format
const (
	fileAlign    = 0x200
	sectionAlign = 0x1000
	exportsSize  = 40 // the directory before its tables
)

// library returns a DLL for amd64 whose one export is forwarded.
func library(name, export, target string) []byte {
	section := exports(name, export, target)
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.LittleEndian, v) // fixed sizes into a buffer
		}
	}
	dos := make([]byte, 64)
	copy(dos, "MZ")
	dos[0x3c] = 64 // the offset of the real header
	b.Write(dos)
	b.WriteString("PE\x00\x00")
	const characteristics = 0x2022 // executable, large addresses, a DLL
	put(uint16(0x8664), uint16(1), uint32(0), uint32(0), uint32(0), uint16(240), uint16(characteristics))
	// The optional header: PE32+, no code, no entry point.
	put(uint16(0x20b), uint8(0), uint8(0), uint32(0), uint32(fileAlign), uint32(0), uint32(0), uint32(0))
	put(uint64(0x180000000), uint32(sectionAlign), uint32(fileAlign))
	put(uint16(6), uint16(0), uint16(0), uint16(0), uint16(6), uint16(0), uint32(0))
	put(uint32(2*sectionAlign), uint32(fileAlign), uint32(0))
	put(uint16(3), uint16(0x160)) // console subsystem; relocatable, no execute
	put(uint64(1<<20), uint64(1<<12), uint64(1<<20), uint64(1<<12), uint32(0), uint32(16))
	put(uint32(sectionAlign), uint32(len(section))) // the export directory
	b.Write(make([]byte, 15*8))
	b.WriteString(".edata\x00\x00")
	put(uint32(len(section)), uint32(sectionAlign), uint32(fileAlign), uint32(fileAlign))
	put(uint32(0), uint32(0), uint16(0), uint16(0), uint32(0x40000040)) // readable data
	b.Write(make([]byte, fileAlign-b.Len()))
	b.Write(section)
	b.Write(make([]byte, 2*fileAlign-b.Len()))
	return b.Bytes()
}

// exports returns the export directory. An address within it names a forwarder.
func exports(name, export, target string) []byte {
	const tables = sectionAlign + exportsSize
	const texts = tables + 4 + 4 + 2 // addresses, names, ordinals
	nameAt, exportAt := uint32(texts), uint32(texts+len(name)+1)
	targetAt := exportAt + uint32(len(export)) + 1
	var b bytes.Buffer
	for _, v := range []any{uint32(0), uint32(0), uint32(0), nameAt, uint32(1), uint32(1), uint32(1),
		uint32(tables), uint32(tables + 4), uint32(tables + 8), targetAt, exportAt, uint16(0)} {
		_ = binary.Write(&b, binary.LittleEndian, v) // fixed sizes into a buffer
	}
	for _, text := range []string{name, export, target} {
		b.WriteString(text + "\x00")
	}
	return b.Bytes()
}
