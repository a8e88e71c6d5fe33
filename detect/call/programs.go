package call

import (
	"cmp"
	"slices"
	"strings"

	"heliograph/detect/readable"
)

// Programs is what the user says about programs.
type Programs struct {
	// Apps are rows that precede the built-in table.
	Apps []App
	// Allow lists programs whose recordings are calls, Deny programs that are
	// never in one: by Stream.Program or one of the names of the process. Deny
	// wins.
	Allow, Deny []string
}

// Find finds the row of the built-in table that one of the names matches; an
// earlier name wins.
func Find(names []string) (App, bool) {
	app, _, ok := find(table, names)
	return app, ok
}

// ID returns the program id that a person means by a name: the id or the name
// of a row, a name that a row matches, or, of one that is not known, the name
// itself.
func (p Programs) ID(name string) (id string, known bool) {
	for _, rows := range [][]App{p.Apps, table} {
		for _, a := range rows {
			if !a.Group && (strings.EqualFold(a.ID, name) || strings.EqualFold(a.Name, name)) {
				return a.ID, true
			}
		}
		if a, matched, ok := find(rows, []string{name}); ok {
			return a.program(matched), true
		}
	}
	return plainName(name), false
}

// find finds the first row that one of the names matches, and the name.
func find(rows []App, names []string) (a App, matched string, ok bool) {
	for _, n := range names {
		n = plainName(n)
		for _, a := range rows {
			if slices.ContainsFunc(a.Match, func(m string) bool { return same(m, n) }) {
				return a, n, true
			}
		}
	}
	return App{}, "", false
}

// program returns the id of a program that the row was found for by a name.
func (a App) program(matched string) string {
	if a.Group {
		return strings.ToLower(matched)
	}
	return a.ID
}

// identity is what is known about a program.
type identity struct {
	program string
	name    string // for people
	app     App    // zero: it is in no table
	class   Class  // the user's word included; empty: unknown
}

// identify finds out which program has the names and the label.
func (p Programs) identify(names []string, label string) identity {
	app, matched, ok := find(p.Apps, names)
	if !ok {
		app, matched, ok = find(table, names)
	}
	id := identity{app: app, class: app.Class}
	switch {
	case ok && !app.Group:
		id.program, id.name = app.ID, app.Name
	case ok:
		id.program = app.program(matched)
	case len(names) > 0:
		id.program = plainName(names[0])
	default:
		id.program = label
	}
	id.name = cmp.Or(id.name, label, id.program)
	id.program, id.name = shown(id.program), shown(id.name)
	switch {
	case p.says(p.Deny, names, &id):
		id.class = Never
	case p.says(p.Allow, names, &id):
		id.class, id.app.Duplex = CallFirst, false
	}
	return id
}

// maxName bounds what is shown of a program's name, in characters: a program may
// give itself one of any length.
const maxName = 100

// shown returns a name, which a program gives itself, as it may be shown.
func shown(name string) string {
	name = readable.Line(name)
	if n := []rune(name); len(n) > maxName {
		name = string(n[:maxName-1]) + "…"
	}
	return name
}

// says reports whether one of the user's lists contains the program. A program
// that is in no table gets the name in the list as its id.
func (Programs) says(list, names []string, id *identity) bool {
	for _, said := range list {
		named := slices.ContainsFunc(names, func(n string) bool { return same(said, n) })
		if !named && !same(said, id.program) {
			continue
		}
		if id.class == "" {
			id.program = shown(plainName(said))
		}
		return true
	}
	return false
}

// same compares two names of programs.
func same(a, b string) bool { return strings.EqualFold(plainName(a), plainName(b)) }

// plainName removes the suffix that an executable has on Windows, and what NixOS
// adds to the name of a wrapped one (".slack-wrapped").
func plainName(name string) string {
	if inner, ok := strings.CutPrefix(name, "."); ok && strings.HasSuffix(inner, "-wrapped") {
		name = strings.TrimSuffix(inner, "-wrapped")
	}
	if len(name) > 4 && strings.EqualFold(name[len(name)-4:], ".exe") {
		return name[:len(name)-4]
	}
	return name
}
