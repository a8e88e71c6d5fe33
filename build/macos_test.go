package build

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// macUse is what the code uses of macOS, in the kinds of macos/headers.txt: a form
// for each "kind name".
type macUse struct {
	t     *testing.T
	found map[string]string
	vars  map[string]*ast.FuncType // variables that hold C functions
	binds map[string]string        // C functions, by the variables that hold them
}

// TestMacOSHeaders holds every class, message, function and constant of macOS that
// the code uses to the table of what Apple's headers say, in both directions: a
// misspelt selector ends the program at run time, and a wrong parameter corrupts
// it, and neither can be run here.
func TestMacOSHeaders(t *testing.T) {
	want := readHeaders(t, "macos/headers.txt")
	u := &macUse{t: t, found: map[string]string{}}
	dirs := map[string][]string{}
	for _, root := range []string{"../detect", "../graph", "../tray"} {
		err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				dirs[filepath.Dir(path)] = append(dirs[filepath.Dir(path)], path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if slices.ContainsFunc(dirs[dir], func(p string) bool { return strings.HasSuffix(p, "_darwin.go") }) {
			u.read(dirs[dir])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(u.found)) {
		form, listed := want[name]
		switch {
		case !listed:
			t.Errorf("%s is used and is not in headers.txt", name)
		case strings.HasPrefix(name, "constant ") && !sameValue(t, form, u.found[name]), strings.HasPrefix(name, "function ") && form != u.found[name]:
			t.Errorf("%s is %s in the code, and %s in headers.txt", name, u.found[name], form)
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s is in headers.txt and is not used", name)
	}
}

// readHeaders returns the form of each "kind name" of the table.
func readHeaders(t *testing.T, path string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header := regexp.MustCompile(`^(AppKit|CoreAudio|CoreFoundation|CoreGraphics|Foundation|IOKit|IOKit/pwr_mgt|Security|UserNotifications|objc)/[A-Za-z-]+\.h$|^libproc\.h$`)
	all := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if len(words) < 3 || !header.MatchString(words[2]) {
			t.Errorf("%q names no header", line)
			continue
		}
		name := words[0] + " " + words[1]
		if _, twice := all[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		all[name] = strings.Join(words[3:], " ")
	}
	return all
}

func (u *macUse) read(paths []string) {
	u.vars, u.binds = map[string]*ast.FuncType{}, map[string]string{}
	set := token.NewFileSet()
	for _, path := range paths {
		darwin := strings.HasSuffix(path, "_darwin.go")
		if base := filepath.Base(path); !darwin && regexp.MustCompile(`_(linux|windows|unix|other)\.go$`).MatchString(base) {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			u.t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				u.value(n)
			case *ast.CallExpr:
				if darwin {
					u.call(n)
				}
			case *ast.KeyValueExpr:
				u.bind(n)
			}
			return true
		})
	}
	for variable, name := range u.binds {
		u.found["function "+name] = formOf(u.vars[variable])
	}
}

// appleName finds the name that Apple gives a constant, in the comment beside it.
var appleName = regexp.MustCompile(`^// ((k|NS|UN|CF|errSec|session|caller)[A-Z]\w+)`)

// value notes a constant of Apple's, a method that macOS calls, or a variable for
// a C function.
func (u *macUse) value(v *ast.ValueSpec) {
	if f, ok := v.Type.(*ast.FuncType); ok {
		u.vars[v.Names[0].Name] = f
	}
	if len(v.Values) != 1 {
		return
	}
	if text := literal(v.Values[0]); strings.HasSuffix(text, ":") && strings.HasPrefix(v.Names[0].Name, "do") && !strings.HasPrefix(text, "heliograph") {
		u.found["delegate "+text] = ""
	}
	if v.Comment == nil {
		return
	}
	if m := appleName.FindStringSubmatch(v.Comment.List[0].Text); m != nil {
		u.found["constant "+m[1]] = types.ExprString(v.Values[0])
	}
}

// call notes a message or a class, and checks how many arguments a message has.
func (u *macUse) call(c *ast.CallExpr) {
	name := types.ExprString(c.Fun)
	switch {
	case name == "send" && len(c.Args) >= 2 && literal(c.Args[1]) != "":
		selector := literal(c.Args[1])
		u.found["method "+selector] = ""
		if n := strings.Count(selector, ":"); n != len(c.Args)-2 {
			u.t.Errorf("%s takes %d arguments and gets %d", selector, n, len(c.Args)-2)
		}
	case (name == "class" || name == "objc.GetClass") && literal(c.Args[0]) != "":
		u.found["class "+literal(c.Args[0])] = ""
	case name == "objc.RegisterName" && literal(c.Args[0]) != "":
		u.found["method "+literal(c.Args[0])] = ""
	}
}

// bind notes the variable that a C function is bound to.
func (u *macUse) bind(kv *ast.KeyValueExpr) {
	to, ok := kv.Value.(*ast.UnaryExpr)
	if name := literal(kv.Key); ok && to.Op == token.AND && name != "" {
		u.binds[types.ExprString(to.X)] = name
	}
}

// literal returns a text that is written out in the code; empty for all else.
func literal(e ast.Expr) string {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		s, _ := strconv.Unquote(l.Value)
		return s
	}
	return ""
}

// formOf returns the form of a C function, as it is called from Go.
func formOf(f *ast.FuncType) string {
	kinds := func(fields *ast.FieldList) (all []string) {
		if fields == nil {
			return nil
		}
		for _, field := range fields.List {
			kind := types.ExprString(field.Type)
			switch kind {
			case "uint32", "int32":
				kind = strings.Replace(strings.Replace(kind, "uint", "u", 1), "int", "i", 1)
			case "float64":
				kind = "f64"
			case "bool":
			default: // pointers, references, long
				kind = "word"
			}
			all = append(all, slices.Repeat([]string{kind}, max(1, len(field.Names)))...)
		}
		return all
	}
	result := "void"
	if r := kinds(f.Results); len(r) > 0 {
		result = r[0]
	}
	return result + "(" + strings.Join(kinds(f.Params), ",") + ")"
}

// sameValue reports whether two constant expressions of Go have the same value.
func sameValue(t *testing.T, a, b string) bool {
	eval := func(expression string) constant.Value {
		expression = strings.ReplaceAll(expression, "math.MaxUint32", "0xFFFFFFFF")
		v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, expression)
		if err != nil || v.Value == nil {
			t.Errorf("%s has no value: %v", expression, err)
			return constant.MakeUnknown()
		}
		return v.Value
	}
	x, y := eval(a), eval(b)
	if (x.Kind() == constant.String) != (y.Kind() == constant.String) {
		return false
	}
	return constant.Compare(x, token.EQL, y)
}
