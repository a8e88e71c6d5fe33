package readable

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"Zoom": "Zoom",
		"Müller & Söhne – 会議 👩‍💻":            "Müller & Söhne – 会議 👩‍💻",
		"שלום עולם":                          "שלום עולם",
		"one\ntwo\tthree":                    "one\ntwo\tthree",
		"a\x1b[31mred\x1b]0;title\x07":       "a\ufffd[31mred\ufffd]0;title\ufffd",
		"a\rb\x00c\x7fd\u009be":              "a\ufffdb\ufffdc\ufffdd\ufffde",
		"evil\u202efdp.exe\u2066x\u2028line": "evil\ufffdfdp.exe\ufffdx\ufffdline",
		"cut \xff\xfe":                       "cut \ufffd\ufffd",
	} {
		if got := Text(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got := Line("a\nb\tc"); got != "a\ufffdb\ufffdc" {
		t.Errorf("on one line: %q", got)
	}
}

// FuzzText: whatever comes in, nothing that moves a cursor comes out, and what
// comes out stays as it is.
func FuzzText(f *testing.F) {
	for _, s := range []string{"Zoom", "\x1b[2J", "\u202e", "\xff", "a\nb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Text(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
			t.Errorf("%q becomes %q", s, got)
		}
		if again := Text(got); again != got {
			t.Errorf("%q becomes %q", got, again)
		}
		if strings.ContainsAny(Line(s), "\n\t") {
			t.Errorf("%q has several lines", s)
		}
	})
}
