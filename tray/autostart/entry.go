package autostart

import (
	"fmt"
	"strings"
)

// entry is the part of a desktop entry that decides whether it starts.
//
// Source: https://specifications.freedesktop.org/autostart-spec and
// https://specifications.freedesktop.org/desktop-entry-spec
type entry struct {
	exec    string
	tryExec string
	off     bool // Hidden, or switched off in GNOME's settings
}

// parseEntry decodes a desktop entry. Other groups and keys are ignored.
func parseEntry(text string) (entry, error) {
	var e entry
	inside, seen := false, false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			inside = line == "[Desktop Entry]"
			seen = seen || inside
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !inside || !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "Exec":
			e.exec = unescape(value)
		case "TryExec":
			e.tryExec = unescape(value)
		case "Hidden":
			e.off = e.off || value == "true"
		case "X-GNOME-Autostart-enabled":
			e.off = e.off || value == "false"
		}
	}
	if !seen {
		return entry{}, fmt.Errorf("the entry has no group [Desktop Entry]")
	}
	return e, nil
}

// renderEntry returns the entry that starts a command.
func renderEntry(exe string, args []string) (string, error) {
	words := make([]string, 0, 1+len(args))
	for _, w := range append([]string{exe}, args...) {
		if strings.ContainsAny(w, "\n\r\x00") {
			return "", fmt.Errorf("%q cannot be written into an entry", w)
		}
		words = append(words, quote(w))
	}
	return "[Desktop Entry]\nType=Application\nName=heliograph\nComment=Mirror your desk into your Teams presence\n" +
		"Icon=heliograph\nExec=" + escape(strings.Join(words, " ")) + "\nTryExec=" + escape(exe) +
		"\nTerminal=false\nX-GNOME-Autostart-enabled=true\n", nil
}

// hiddenEntry overrides the entry of a package, which the user cannot delete.
const hiddenEntry = "[Desktop Entry]\nType=Application\nName=heliograph\nHidden=true\n"

// quote returns a word of a command line as it is written: in double quotes if
// necessary, and with each percent sign, which begins a field code, doubled.
func quote(word string) string {
	word = strings.ReplaceAll(word, "%", "%%")
	if word != "" && !strings.ContainsAny(word, " \t\"'\\><~|&;$*?#()`") {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(word) + `"`
}

// escape and unescape apply the rules for all strings of a desktop entry.
func escape(s string) string { return strings.ReplaceAll(s, `\`, `\\`) }

func unescape(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\s`, " ", `\t`, "\t", `\n`, "\n", `\r`, "\r").Replace(s)
}
