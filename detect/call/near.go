package call

import (
	"cmp"
	"slices"
	"strings"
)

// maxTypos is by how many letters a name may differ from the one that was meant,
// and maxNear how many are suggested: more would be a list to search.
const (
	maxTypos = 2
	maxNear  = 3
)

// Near lists the ids of programs that somebody may have meant by a name which ID
// does not know: programs of the user's rows, of the table, and others. Their
// names begin with it, or differ by a few letters; the nearest come first.
func (p Programs) Near(name string, others []string) []string {
	type near struct {
		id    string
		typos int
	}
	var found []near
	add := func(id string, names ...string) {
		for _, n := range names {
			if typos, ok := typosIn(name, n); ok {
				found = append(found, near{id, typos})
			}
		}
	}
	for _, a := range slices.Concat(p.Apps, table) {
		if !a.Group {
			add(a.ID, a.ID, a.Name)
		}
		for _, m := range a.Match {
			add(a.program(m), m)
		}
	}
	for _, o := range others {
		add(o, o)
	}
	slices.SortStableFunc(found, func(a, b near) int { return cmp.Compare(a.typos, b.typos) })
	var ids []string
	for _, f := range found {
		if !slices.Contains(ids, f.id) && len(ids) < maxNear {
			ids = append(ids, f.id)
		}
	}
	return ids
}

// typosIn counts by how many letters what was typed differs from a name; ok is
// false if they are not alike. Short names have to begin alike: most names of
// three letters differ by two.
func typosIn(typed, name string) (typos int, ok bool) {
	typed, name = strings.ToLower(plainName(typed)), strings.ToLower(plainName(name))
	if len(typed) > 2 && strings.HasPrefix(name, typed) {
		return maxTypos, true
	}
	typos = distance([]rune(typed), []rune(name))
	return typos, typos <= maxTypos && typos < len([]rune(typed))/2
}

// distance is the number of letters to insert, remove or replace to make b of a.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		before := row[0]
		row[0] = i + 1
		for j, y := range b {
			replace := before
			if x != y {
				replace++
			}
			before = row[j+1]
			row[j+1] = min(replace, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
