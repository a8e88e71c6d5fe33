package words

import (
	"slices"
	"strings"
	"testing"

	"heliograph/graph"
)

// systems are those that heliograph is built for.
var systems = []string{"linux", "windows", "darwin"}

// namesOf are words of which each system's advice about its keyring has one, and
// which no other system has.
var namesOf = map[string][]string{
	"linux":   {"gnome-keyring", "KWallet", "KeePassXC"},
	"windows": {"Windows", "Credential Manager", "Anmeldeinformationsverwaltung"},
	"darwin":  {"macOS", "Keychain", "keychain", "Schlüsselbundverwaltung", "Anmeldeschlüsselbund"},
}

// TestAdviceIsForTheSystem holds that nobody is told to install, open or sign
// out of what their system does not have, and that each system has a word of its
// own for its keyring.
func TestAdviceIsForTheSystem(t *testing.T) {
	defer func(before string) { system = before }(system)
	defer Use("en")
	for _, language := range []string{"en", "de"} {
		Use(language)
		for _, system = range systems {
			for key, n := range graph.AdviceKeys() {
				text := Advice(key, slices.Repeat([]any{1}, n)...)
				for other, names := range namesOf {
					for _, name := range names {
						if other != system && strings.Contains(text, name) {
							t.Errorf("%s, %s: %s names %s: %s", language, system, key, name, text)
						}
					}
				}
			}
			if text := Advice("absent"); !slices.ContainsFunc(namesOf[system], func(name string) bool { return strings.Contains(text, name) }) {
				t.Errorf("%s, %s: absent names no keyring of this system: %s", language, system, text)
			}
		}
	}
}
