//go:build !windows

package words

import (
	"os"
	"strings"
)

// locale returns the person's languages, as gettext finds them: LANGUAGE counts
// only where a locale is set at all.
//
// Source: https://www.gnu.org/software/gettext/manual/html_node/Locale-Environment-Variables.html
func locale() []string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		v := os.Getenv(name)
		if v == "" {
			continue
		}
		if len(posix(v)) == 0 {
			return nil // "C": no translation
		}
		return posix(os.Getenv("LANGUAGE"), v)
	}
	return nil
}

// posix turns names as in "de_AT.UTF-8@euro" into language tags; "C" is no
// language.
func posix(values ...string) []string {
	var out []string
	for _, v := range values {
		for name := range strings.SplitSeq(v, ":") {
			name, _, _ = strings.Cut(name, ".")
			name, _, _ = strings.Cut(name, "@")
			if name != "" && name != "C" && name != "POSIX" {
				out = append(out, strings.ReplaceAll(name, "_", "-"))
			}
		}
	}
	return out
}
