package settings

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// entry is one value that a settings file sets.
type entry struct {
	key   string // "automatic.away_after"; in a list of tables "calls.app[0].name"
	line  int    // of the key, from 1
	kind  unstable.Kind
	text  string  // of a single value, as it was written
	items []entry // of a list
}

// scan lists the values that a TOML text sets, in its order and as far as it is
// valid TOML. Keys are in lower case, since the decoder ignores the case too.
func scan(data []byte) []entry {
	s := scanner{tables: map[string]int{}}
	s.parser.Reset(data)
	section := ""
	for s.parser.NextExpression() {
		switch e := s.parser.Expression(); e.Kind {
		case unstable.Table:
			var line int
			section, line = s.path(e.Key())
			s.entries = append(s.entries, entry{key: section, line: line, kind: unstable.InlineTable})
		case unstable.ArrayTable:
			name, line := s.path(e.Key())
			section = fmt.Sprintf("%s[%d]", name, s.tables[name])
			s.tables[name]++
			s.entries = append(s.entries, entry{key: section, line: line, kind: unstable.InlineTable})
		case unstable.KeyValue:
			s.keyValue(section, e)
		}
	}
	return s.entries
}

type scanner struct {
	parser  unstable.Parser
	tables  map[string]int // how many tables of this name there were
	entries []entry

	offset, line int // where the last key was, to count lines once
}

// keyValue notes one assignment, whose value may contain others.
func (s *scanner) keyValue(section string, n *unstable.Node) {
	key, line := s.path(n.Key())
	if section != "" {
		key = section + "." + key
	}
	value := n.Value()
	if value.Kind == unstable.InlineTable {
		s.inline(key, value)
		return
	}
	e := s.value(value)
	e.key, e.line = key, line
	if len(e.items) > 0 && e.items[0].kind == unstable.InlineTable {
		i := 0
		for c := value.Children(); c.Next(); {
			if c.Node().Kind == unstable.InlineTable {
				s.inline(fmt.Sprintf("%s[%d]", key, i), c.Node())
				i++
			}
		}
		return
	}
	s.entries = append(s.entries, e)
}

func (s *scanner) inline(section string, table *unstable.Node) {
	s.entries = append(s.entries, entry{key: section, line: s.line + 1, kind: unstable.InlineTable})
	for c := table.Children(); c.Next(); {
		if c.Node().Kind == unstable.KeyValue {
			s.keyValue(section, c.Node())
		}
	}
}

func (s *scanner) value(n *unstable.Node) entry {
	e := entry{kind: n.Kind, text: string(s.parser.Raw(n.Raw))}
	if n.Kind == unstable.Array {
		for c := n.Children(); c.Next(); {
			if c.Node().Kind != unstable.Comment {
				e.items = append(e.items, s.value(c.Node()))
			}
		}
	}
	return e
}

// path returns a dotted key and its line.
func (s *scanner) path(key unstable.Iterator) (string, int) {
	var parts []string
	for key.Next() {
		if at := int(key.Node().Raw.Offset); at > s.offset {
			s.line += bytes.Count(s.parser.Data()[s.offset:at], []byte("\n"))
			s.offset = at
		}
		parts = append(parts, strings.ToLower(string(key.Node().Data)))
	}
	return strings.Join(parts, "."), s.line + 1
}

// plainKey returns a key without the places in lists: "calls.app[0].name"
// becomes "calls.app.name".
func plainKey(key string) string {
	for {
		from := strings.IndexByte(key, '[')
		if from < 0 {
			return key
		}
		to := strings.IndexByte(key[from:], ']')
		if to < 0 {
			return key
		}
		key = key[:from] + key[from+to+1:]
	}
}

// typeOf returns the type of what a key sets; false: there is no such key.
func typeOf(key string) (reflect.Type, bool) {
	t := reflect.TypeFor[Config]()
	for part := range strings.SplitSeq(plainKey(key), ".") {
		for t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		f, ok := field(t, part)
		if !ok {
			return nil, false
		}
		t = f.Type
	}
	return t, true
}

// field returns the field of a section that a key names.
func field(t reflect.Type, name string) (reflect.StructField, bool) {
	if t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("toml") == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// keys lists the keys of a section, in the order of the file.
func keys(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("toml"))
	}
	return names
}
