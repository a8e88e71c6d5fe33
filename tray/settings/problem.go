package settings

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Problem is why a settings file is refused. It is an error of one line that
// names the file, the line, the key and the remedy.
type Problem struct {
	File string `json:"file"` // empty: unknown
	Line int    `json:"line"` // from 1; 0: the whole file
	Key  string `json:"key"`  // as "automatic.away_after"; empty: unknown
	Text string `json:"text"` // what is wrong, and what is accepted
}

// Error returns the problem in one line.
func (p *Problem) Error() string {
	if p.File == "" {
		return p.Where()
	}
	return p.File + ": " + p.Where()
}

// Where returns the problem without the name of the file.
func (p *Problem) Where() string {
	text := p.Text
	if p.Key != "" {
		text = plainKey(p.Key) + ": " + text
	}
	if p.Line > 0 {
		text = fmt.Sprintf("line %d: %s", p.Line, text)
	}
	return text
}

// wrong returns a problem of one key.
func wrong(key, format string, args ...any) *Problem {
	return &Problem{Key: key, Text: fmt.Sprintf(format, args...)}
}

// at adds the line that sets the key, or else that begins its section.
func (p *Problem) at(entries []entry) *Problem {
	for key := p.Key; key != "" && p.Line == 0; key = parent(key) {
		for _, e := range entries {
			if e.key == key || p.Line == 0 && e.key == plainKey(key) {
				p.Line = e.line
			}
		}
	}
	return p
}

// parent returns the section of a key.
func parent(key string) string { return key[:max(0, strings.LastIndexByte(key, '.'))] }

// decodingProblem explains an error of the TOML decoder.
func decodingProblem(err error, data []byte) *Problem {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		e := strict.Errors[0]
		line, _ := e.Position()
		return &Problem{Line: line, Text: fmt.Sprintf("unknown key %s: %s", strings.Join(e.Key(), "."), accepted(e.Key()))}
	}
	var decode *toml.DecodeError
	if !errors.As(err, &decode) {
		return &Problem{Text: err.Error()}
	}
	line, _ := decode.Position()
	p := &Problem{Line: line, Key: strings.Join(decode.Key(), "."), Text: strings.TrimPrefix(decode.Error(), "toml: ")}
	switch {
	case p.Key == "":
		p.Text = "is not valid TOML: " + p.Text + advice(data, line)
	case strings.HasSuffix(p.Text, "already defined"), strings.HasSuffix(p.Text, "already exists"):
		p.Text = "is there twice: keep one of them"
	case strings.HasPrefix(p.Text, "cannot "): // decode, or store, with Go's names
		p.Text = "does not fit here: heliograph config show prints how it is written"
	}
	return p
}

// accepted lists the known keys of the section of an unknown one.
func accepted(key []string) string {
	t := reflect.TypeFor[Config]()
	where := "sections"
	for _, k := range key[:len(key)-1] {
		f, ok := field(t, strings.ToLower(k))
		if !ok {
			break
		}
		for t = f.Type; t.Kind() == reflect.Slice; {
			t = t.Elem()
		}
		where = "keys of [" + k + "]"
	}
	if t.Kind() != reflect.Struct {
		return "it takes no keys"
	}
	names := keys(t)
	slices.Sort(names)
	return fmt.Sprintf("the %s are %s", where, strings.Join(names, ", "))
}

// advice shows how the key on a line that is not valid TOML is written; empty:
// the line sets no known key.
func advice(data []byte, line int) string {
	lines := bytes.Split(data, []byte("\n"))
	if line < 1 || line > len(lines) {
		return ""
	}
	text := string(lines[line-1])
	name, value, _ := strings.Cut(text, "=")
	if i := strings.IndexAny(name, ":"); i >= 0 {
		name = name[:i]
	}
	name = strings.ToLower(strings.TrimSpace(name))
	if strings.Contains(value, `"`) && strings.Contains(value, `\`) {
		return `: a \ in double quotes begins a special character, so write a path in single quotes, as in 'C:\folder\file'`
	}
	for i := line - 1; i >= 0; i-- {
		section, ok := header(string(lines[i]))
		if !ok && i > 0 {
			continue
		}
		if key := section + "." + name; examples()[key] != "" {
			return ": write it as in " + assignment(key)
		}
		break
	}
	return ""
}

// header returns the name of the section that a line begins.
func header(line string) (string, bool) {
	line, _, _ = strings.Cut(line, "#")
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "[") || !strings.HasSuffix(line, "]") {
		return "", false
	}
	return strings.ToLower(strings.TrimSpace(strings.Trim(line, "[]"))), true
}

// examples are the values of the template, as it writes them.
var examples = sync.OnceValue(func() map[string]string {
	found := map[string]string{}
	section := ""
	for line := range strings.Lines(template) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "# "))
		if name, ok := header(line); ok {
			section = name
		}
		if key, value, ok := strings.Cut(line, " = "); ok && !strings.Contains(key, " ") {
			found[section+"."+key] = value
		}
	}
	return found
})

// assignment shows how a key is written.
func assignment(key string) string {
	key = plainKey(key)
	return key[strings.LastIndexByte(key, '.')+1:] + " = " + examples()[key]
}

// kindProblem finds the first value of a kind that its key does not accept. The
// decoder would accept a number as a duration in nanoseconds, as a time of day
// in minutes, and as a weekday.
func kindProblem(entries []entry) *Problem {
	for _, e := range entries {
		t, known := typeOf(e.key)
		if !known {
			continue // the decoder names it
		}
		if text := misfit(t, e); text != "" {
			return &Problem{Key: e.key, Line: e.line, Text: text}
		}
	}
	return nil
}

// misfit returns why a value does not fit a type; empty if it does.
func misfit(t reflect.Type, e entry) string {
	key := e.key[strings.LastIndexByte(e.key, '.')+1:]
	list := t.Kind() == reflect.Slice
	switch {
	case t.Kind() == reflect.Struct && e.kind != unstable.InlineTable:
		return fmt.Sprintf("is a section: write [%s] on a line of its own, and its keys below", e.key)
	case t.Kind() == reflect.Struct:
		return ""
	case list && t.Elem().Kind() == reflect.Struct:
		if e.kind == unstable.InlineTable || e.kind == unstable.Array && len(e.items) == 0 {
			return ""
		}
		return fmt.Sprintf("is a list of sections: write [[%s]] on a line of its own, and its keys below", e.key)
	case e.kind == unstable.InlineTable:
		return "is not a section: write it as in " + assignment(e.key)
	case list:
		return listMisfit(e)
	case t.Kind() == reflect.Bool && e.kind != unstable.Bool:
		return fmt.Sprintf("%s is neither true nor false: write %s = true or %s = false, without quotes", written(e), key, key)
	case t.Kind() == reflect.Bool, e.kind == unstable.String:
		return ""
	case t == reflect.TypeFor[Duration]() && (e.kind == unstable.Integer || e.kind == unstable.Float):
		return fmt.Sprintf(`%s has no unit: write one, as in %s = "%sm" for minutes or "%ss" for seconds`, e.text, key, e.text, e.text)
	}
	return fmt.Sprintf("%s is not in quotes: write it as in %s", written(e), assignment(e.key))
}

// listMisfit returns why a value does not fit a list of texts; empty if it
// does.
func listMisfit(e entry) string {
	if e.kind != unstable.Array {
		return fmt.Sprintf("is a list: write it in brackets, as in %s, or [] for none", assignment(e.key))
	}
	for _, item := range e.items {
		if item.kind != unstable.String {
			return fmt.Sprintf("%s in the list is not in quotes: write it as in %s", written(item), assignment(e.key))
		}
	}
	return ""
}

// written returns a value as the file has it, shortened.
func written(e entry) string {
	if e.text == "" {
		return "the value"
	}
	return e.text
}
