//go:build unix && !darwin

package launch

import (
	"os"
	"strings"
)

// openURL tries xdg-open, which knows the desktop, then what the user, Debian
// and GLib name as the browser.
//
// Source: https://portland.freedesktop.org/doc/xdg-open.html,
// https://www.debian.org/doc/debian-policy/ch-customized-programs.html#web-browsers
func openURL(page string) error {
	starters := []starter{{"xdg-open", page}}
	starters = append(starters, fromBrowser(os.Getenv("BROWSER"), page)...)
	return startFirst(append(starters, starter{"x-www-browser", page}, starter{"sensible-browser", page}, starter{"gio", "open", page}))
}

func openFile(path string) error {
	return startFirst([]starter{{"xdg-open", path}, {"gio", "open", path}})
}

// fromBrowser reads the variable BROWSER: commands that are separated by
// colons, in each of which %s is replaced by the page; a command without %s
// gets the page as its last argument.
//
// Source: http://www.catb.org/~esr/BROWSER/
func fromBrowser(variable, page string) []starter {
	var starters []starter
	for command := range strings.SplitSeq(variable, ":") {
		s := starter(strings.Fields(command))
		if len(s) == 0 {
			continue
		}
		named := false
		for i, arg := range s {
			named = named || strings.Contains(arg, "%s")
			s[i] = strings.ReplaceAll(arg, "%s", page)
		}
		if !named {
			s = append(s, page)
		}
		starters = append(starters, s)
	}
	return starters
}
