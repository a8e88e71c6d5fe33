//go:build !windows

package words

import "os"

// locale is the person's languages, as gettext finds them: LANGUAGE counts
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
