// Package readable makes text that others wrote safe to show: names of programs,
// services and people. A control character could move the cursor of a terminal,
// hide or rename what is shown before it, or split a line; a mark of the writing
// direction can turn the text around it.
//
// It refuses to judge what a text says, and to shorten it.
package readable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s with each character that is not one to be seen replaced by
// U+FFFD, except line breaks and tabs. Nothing changes in ordinary text of any
// language.
func Text(s string) string { return replace(s, "\n\t") }

// Line returns s as Text does, on one line.
func Line(s string) string { return replace(s, "") }

func replace(s, allowed string) string {
	bad := func(r rune) bool { return !strings.ContainsRune(allowed, r) && hidden(r) }
	if strings.IndexFunc(s, bad) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if bad(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// hidden reports control characters, separators of lines and paragraphs, and
// marks that change the writing direction of what follows.
//
// Source: https://www.unicode.org/reports/tr9, "Directional Formatting
// Characters"
func hidden(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return true
	}
	return false
}
