package tray

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"heliograph/assets"
)

func TestTooltipIsCut(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":                       {"", ""},
		"short":                       {"Available: you're at your computer", "Available: you're at your computer"},
		"as long as allowed":          {strings.Repeat("a", 127), strings.Repeat("a", 127)},
		"longer by one":               {strings.Repeat("a", 128), strings.Repeat("a", 126) + "…"},
		"much longer":                 {strings.Repeat("ü", 5000), strings.Repeat("ü", 126) + "…"},
		"pairs of units, odd":         {strings.Repeat("😀", 64), strings.Repeat("😀", 63) + "…"},
		"pairs of units, even":        {"a" + strings.Repeat("😀", 64), "a" + strings.Repeat("😀", 62) + "…"},
		"a pair at the end that fits": {strings.Repeat("a", 125) + "😀", strings.Repeat("a", 125) + "😀"},
	} {
		t.Run(name, func(t *testing.T) {
			got := cutTip(c.text)
			if got != c.want {
				t.Errorf("got %d units, %q", len(utf16.Encode([]rune(got))), got)
			}
		})
	}
}

func FuzzTooltip(f *testing.F) {
	for _, s := range []string{"", strings.Repeat("a", 128), strings.Repeat("😀", 64), "\xff" + strings.Repeat("a", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := cutTip(text)
		if n := len(utf16.Encode([]rune(got))); n > maxTip {
			t.Errorf("%d units are left of %q", n, text)
		}
		if utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Errorf("a character was cut: %q", got)
		}
		if len(utf16.Encode([]rune(text))) <= maxTip && got != text {
			t.Errorf("%q was changed to %q", text, got)
		}
	})
}

// TestPictureOfTheSize: the taskbar shows the picture that was drawn for it.
func TestPictureOfTheSize(t *testing.T) {
	ico := assets.ICO("available", true)
	for want, sizes := range map[int][]int{16: {1, 16}, 20: {17, 20}, 24: {24}, 28: {28}, 32: {32}, 40: {40}, 48: {48}, 64: {64, 100}} {
		for _, size := range sizes {
			p := pictureOf(ico, size)
			if len(p) < 8 || int(binary.LittleEndian.Uint32(p[4:])) != want {
				t.Errorf("for %d pixels it is of another size than %d", size, want)
			}
		}
	}
}

func FuzzPicture(f *testing.F) {
	f.Add(assets.ICO("busy", false), 16)
	f.Add([]byte{0, 0, 1, 0, 255, 255}, 16)
	f.Add([]byte{}, 16)
	f.Fuzz(func(t *testing.T, ico []byte, size int) {
		if p := pictureOf(ico, size); len(p) > len(ico) {
			t.Errorf("%d bytes of %d", len(p), len(ico))
		}
	})
}
