package support

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// redactor replaces in a text what must not be in the archive: what is known to
// belong to the person, and what has the form of an address or a secret. Where in
// doubt it replaces more than it must.
type redactor struct {
	names []name // the longest first
}

// name is a text of the person's.
type name struct {
	find *regexp.Regexp
	word string // replaces it
	size int
}

// shortestName is the length of the shortest name that is replaced, in
// characters: a letter is in every text.
const shortestName = 2

// newRedactor returns a redactor for names, by the words that replace them.
func newRedactor(private map[string][]string) *redactor {
	r := &redactor{}
	for word, names := range private {
		for _, n := range names {
			n = strings.TrimSpace(n)
			if utf8.RuneCountInString(n) < shortestName || strings.HasPrefix(n, "(") {
				continue
			}
			// The log quotes a text that has a backslash, and doubles it.
			for _, form := range []string{n, strings.ReplaceAll(n, `\`, `\\`)} {
				r.names = append(r.names, name{regexp.MustCompile(`(?i)` + regexp.QuoteMeta(form)), "(" + word + ")", len(form)})
			}
		}
	}
	slices.SortStableFunc(r.names, func(a, b name) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.word, b.word), cmp.Compare(a.find.String(), b.find.String()))
	})
	return r
}

// The forms of what must not be in the archive.
var (
	addressForm = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>)\]}]+`)
	mailForm    = regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}.-]+`)
	guidForm    = regexp.MustCompile(`[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`)
	lookupForm  = regexp.MustCompile(`\b(lookup|dial tcp|on|host) ([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)(:\d+)?`)
	ip4Form     = regexp.MustCompile(`\b(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}\b`)
	ip6Form     = regexp.MustCompile(`\b(?:[0-9A-Fa-f]{1,4}:){4,}[0-9A-Fa-f:.]*|[0-9A-Fa-f:]*::[0-9A-Fa-f:.]+`)
	secretForm  = regexp.MustCompile(`[A-Za-z0-9_+/.~-]{20,}`)
	// familyForm is the family name of a package of Windows, which is no secret:
	// it ends with the hash of its publisher.
	familyForm = regexp.MustCompile(`^[A-Za-z0-9.-]+_[0-9a-z]{13}$`)
)

// text returns a text without what must not be in the archive.
func (r *redactor) text(s string) string {
	s = addressForm.ReplaceAllStringFunc(s, address)
	s = mailForm.ReplaceAllString(s, "(address)")
	s = guidForm.ReplaceAllString(s, "(id)")
	s = ip6Form.ReplaceAllString(s, "(address)")
	s = ip4Form.ReplaceAllString(s, "(address)")
	s = lookupForm.ReplaceAllStringFunc(s, lookedUp)
	for _, n := range r.names {
		s = n.replace(s)
	}
	return secretForm.ReplaceAllStringFunc(s, secret)
}

func (r *redactor) list(all []string) []string {
	out := []string{}
	for _, s := range all {
		out = append(out, r.text(s))
	}
	return out
}

// replace replaces a name where it is a word of its own. Inside of a word it is
// another one: the user "art" is not in "start".
func (n name) replace(s string) string {
	var b strings.Builder
	last := 0
	for _, at := range n.find.FindAllStringIndex(s, -1) {
		before, _ := utf8.DecodeLastRuneInString(s[:at[0]])
		after, _ := utf8.DecodeRuneInString(s[at[1]:])
		first, _ := utf8.DecodeRuneInString(s[at[0]:])
		final, _ := utf8.DecodeLastRuneInString(s[:at[1]])
		if inWord(before) && inWord(first) || inWord(final) && inWord(after) {
			continue
		}
		b.WriteString(s[last:at[0]] + n.word)
		last = at[1]
	}
	return b.String() + s[last:]
}

// inWord reports whether a character is part of a word.
func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r)) }

// microsoft are the hosts of Microsoft's clouds, which are the same for
// everybody.
var microsoft = []string{"microsoft.com", "microsoftonline.com", "microsoft.us", "microsoftonline.us", "chinacloudapi.cn", "microsoftonline.cn"}

func isMicrosoft(host string) bool {
	return slices.ContainsFunc(microsoft, func(m string) bool { return host == m || strings.HasSuffix(host, "."+m) })
}

// address keeps of an address the scheme, and the host if it is Microsoft's.
func address(s string) string {
	scheme, _, _ := strings.Cut(s, "://")
	if u, err := url.Parse(s); err == nil && u.User == nil && isMicrosoft(u.Host) {
		return scheme + "://" + u.Host
	}
	return scheme + "://(address)"
}

// lookedUp removes the name of a host that the network was asked for.
func lookedUp(s string) string {
	m := lookupForm.FindStringSubmatch(s)
	if isMicrosoft(m[2]) {
		return s
	}
	return m[1] + " (address)" + m[3]
}

// shortestSecret is the length of the shortest part between points and slashes
// that is taken for a secret if it has digits and letters. Names of services and
// packages have shorter ones.
const shortestSecret = 20

// secret removes a text that may be a token or a key.
func secret(s string) string {
	if familyForm.MatchString(s) {
		return s
	}
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '.' || r == '/' }) {
		if len(part) >= shortestSecret && strings.ContainsAny(part, "0123456789") && strings.IndexFunc(part, unicode.IsLetter) >= 0 {
			return "(removed)"
		}
	}
	return s
}
