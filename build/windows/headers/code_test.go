//go:build !windows

package headers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const winapi = "golang.org/x/sys/windows"

// code is what our Windows code says about Windows.
type code struct {
	constants []number
	guids     []guid
	functions []function // of the API, by calls
	methods   []method   // of COM, by calls
	layouts   []layout
	faults    []string // what cannot be checked as it is written
}

// number is an integer constant. Its key is the folder of its package, the
// function that declares it, if any, and its name.
type number struct {
	key   string
	value constant.Value
}

// guid is a GUID under the name of the variable that holds it.
type guid struct{ key, value string }

// function is a call of a function that was found by its name.
type function struct {
	name      string
	arguments int // -1: not known
	at        string
}

// method is a call of a COM method at a place of an object's table, the object
// itself not counted.
type method struct {
	place     string // the key of the constant
	arguments int
	at        string
}

// layout is a structure whose address goes to Windows, or comes from it.
type layout struct {
	key    string
	size   int64
	fields []field
}

type field struct {
	name         string
	offset, size int64
}

// listed is what go list says about a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}

// compiled lists our packages and what they import, as built for Windows.
var compiled = sync.OnceValues(func() (all []listed, err error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles", "heliograph/...")
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("go list for Windows: %w: %s", err, failed.Stderr)
	}
	if err != nil {
		return nil, fmt.Errorf("go list for Windows: %w", err)
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

// exports returns the file of each compiled package.
func exports(t *testing.T) map[string]string {
	t.Helper()
	all, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, p := range all {
		files[p.ImportPath] = p.Export
	}
	return files
}

// load reads the Windows code of all our packages.
func load(t *testing.T) *code {
	t.Helper()
	all, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	c := &code{}
	for _, p := range all {
		dir, ours := strings.CutPrefix(p.ImportPath, "heliograph/")
		if !ours || strings.HasPrefix(dir, "build/") || !hasWindowsFile(p) {
			continue
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		if err := c.read(dir, fset, files, exports(t)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func hasWindowsFile(p listed) bool {
	for _, name := range p.GoFiles {
		if strings.HasSuffix(name, "_windows.go") {
			return true
		}
	}
	return false
}

// read adds what the files of a package say. exports has the compiled packages
// that they import.
func (c *code) read(dir string, fset *token.FileSet, files []*ast.File, exports map[string]string) error {
	lookup := func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("%s is not compiled", path)
		}
		return os.Open(exports[path])
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},
	}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", lookup), Sizes: types.SizesFor("gc", "amd64")}
	if _, err := conf.Check("heliograph/"+dir, fset, files, info); err != nil {
		return err
	}
	r := &reader{code: c, dir: dir, fset: fset, info: info, sizes: conf.Sizes}
	for _, file := range files {
		name := fset.Position(file.Pos()).Filename
		if protocol(dir) || strings.HasSuffix(name, "_windows.go") {
			r.file(file)
		}
	}
	return nil
}

// protocol reports whether all files of a package speak the language of
// Windows, those for every system too.
func protocol(dir string) bool { return strings.HasPrefix(dir, "detect/") }
