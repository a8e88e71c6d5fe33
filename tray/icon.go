package tray

import (
	"encoding/binary"
	"unicode/utf16"
)

// maxTip is how many units of UTF-16 the tooltip of an icon on the taskbar may
// have: 128 with the zero at its end. A longer one loses the zero in
// fyne.io/systray, and Windows reads on behind it.
//
// Source: "NOTIFYICONDATAW structure",
// https://learn.microsoft.com/windows/win32/api/shellapi/ns-shellapi-notifyicondataw
const maxTip = 127

// cutTip shortens a text to maxTip units, with an ellipsis in place of the rest.
func cutTip(text string) string {
	units := 0
	cut := 0 // where the text ends if it has to be cut
	for i, r := range text {
		if units < maxTip {
			cut = i
		}
		units += utf16.RuneLen(r)
	}
	if units <= maxTip {
		return text
	}
	// The last rune that begins within the limit may be of two units, or make
	// place for the ellipsis.
	return text[:cut] + "…"
}

// pictureOf returns the picture of a size in pixels from an .ico, or else the
// smallest of the larger ones, or else the largest; nil: there is none. What it
// returns is part of the file.
//
// Source: "Icons in Win32", https://learn.microsoft.com/previous-versions/ms997538(v=msdn.10)
func pictureOf(ico []byte, size int) (picture []byte) {
	const head, entry = 6, 16
	if len(ico) < head {
		return nil
	}
	best := 0
	for i := range int(binary.LittleEndian.Uint16(ico[4:])) {
		at := head + i*entry
		if len(ico) < at+entry {
			break
		}
		width := int(ico[at])
		if width == 0 {
			width = 256
		}
		length, offset := uint64(binary.LittleEndian.Uint32(ico[at+8:])), uint64(binary.LittleEndian.Uint32(ico[at+12:]))
		if offset+length > uint64(len(ico)) || length == 0 {
			continue
		}
		if best == 0 || (best < size && width > best) || (width >= size && width < best) {
			best, picture = width, ico[offset:offset+length]
		}
	}
	return picture
}
