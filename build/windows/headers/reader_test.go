//go:build !windows

package headers

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
)

// reader reads the files of a package.
type reader struct {
	code  *code
	dir   string
	fset  *token.FileSet
	info  *types.Info
	sizes types.Sizes

	procs   map[types.Object]string // variables of API functions
	layouts map[string]bool         // those seen
}

func (r *reader) file(file *ast.File) {
	if r.procs == nil {
		r.procs, r.layouts = map[types.Object]string{}, map[string]bool{}
		for id, obj := range r.info.Defs {
			r.proc(id, obj)
		}
	}
	for _, decl := range file.Decls {
		scope := r.dir
		if f, ok := decl.(*ast.FuncDecl); ok {
			scope += "." + f.Name.Name
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GenDecl:
				r.declaration(scope, n)
			case *ast.CallExpr:
				r.call(n)
			}
			return true
		})
	}
}

// proc notes a variable that holds a function of the API. The name of the
// function is the last text of its initial value.
func (r *reader) proc(id *ast.Ident, obj types.Object) {
	if _, ok := obj.(*types.Var); !ok || obj.Type().String() != "*"+winapi+".LazyProc" || id.Obj == nil {
		return
	}
	spec, ok := id.Obj.Decl.(*ast.ValueSpec)
	if !ok {
		return
	}
	for i, name := range spec.Names {
		if name.Name != id.Name || i >= len(spec.Values) {
			continue
		}
		if text := r.newProc(spec.Values[i]); text != "" {
			r.procs[obj] = text
			r.code.functions = append(r.code.functions, function{text, -1, r.at(id)})
		}
	}
}

// newProc returns the name that an expression dll.NewProc("name") looks for.
func (r *reader) newProc(e ast.Expr) string {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 || selected(call) != "NewProc" {
		return ""
	}
	if v := r.info.Types[call.Args[0]].Value; v != nil && v.Kind() == constant.String {
		return constant.StringVal(v)
	}
	r.fault(call, "the name of the function is not a constant")
	return ""
}

func (r *reader) declaration(scope string, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for i, name := range v.Names {
			if name.Name == "_" {
				continue
			}
			var value ast.Expr
			if i < len(v.Values) {
				value = v.Values[i]
			}
			key := scope + "." + name.Name
			if d.Tok == token.CONST {
				r.number(key, name, value)
			} else if value != nil {
				r.guid(key, value)
			}
		}
	}
}

// number notes an integer constant, unless it is a span of time or is made of
// the constants of other packages alone.
func (r *reader) number(key string, name *ast.Ident, value ast.Expr) {
	c, ok := r.info.Defs[name].(*types.Const)
	if !ok || c.Val().Kind() != constant.Int || c.Type().String() == "time.Duration" {
		return
	}
	if value != nil && r.foreign(value) {
		return
	}
	r.code.constants = append(r.code.constants, number{key, c.Val()})
}

// foreign reports whether an expression has only constants of other packages.
func (r *reader) foreign(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return r.foreign(e.X) && r.foreign(e.Y)
	case *ast.ParenExpr:
		return r.foreign(e.X)
	case *ast.SelectorExpr:
		_, ok := r.info.Uses[e.Sel].(*types.Const)
		return ok
	}
	return false
}

// guid notes the GUIDs in the initial value of a variable.
func (r *reader) guid(key string, value ast.Expr) {
	ast.Inspect(value, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok || r.info.Types[e].Type == nil {
			return true
		}
		if text, ok := r.otherGUID(e); ok {
			r.code.guids = append(r.code.guids, guid{key, text})
			return false
		}
		if r.info.Types[e].Type.String() != winapi+".GUID" {
			return true
		}
		var parts []ast.Expr
		switch e := e.(type) {
		case *ast.CallExpr: // newGUID(a, b, c, d)
			parts = e.Args
		case *ast.CompositeLit:
			parts = e.Elts
		default:
			return true
		}
		text, ok := r.guidText(parts)
		if !ok {
			r.fault(e, "the GUID cannot be read: write it as newGUID(data1, data2, data3, data4)")
			return false
		}
		r.code.guids = append(r.code.guids, guid{key, text})
		return false
	})
}

// otherGUID reads a GUID that is written as sixteen bytes in the order of the
// memory, and a key of a property, which is a GUID and a number.
func (r *reader) otherGUID(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return "", false
	}
	if r.info.Types[e].Type.String() == "[16]byte" && len(lit.Elts) == 16 {
		text := ""
		for _, i := range []int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
			v := r.info.Types[lit.Elts[i]].Value
			if v == nil {
				return "", false
			}
			text += fmt.Sprintf("%02x", number64(v))
		}
		return text, true
	}
	if len(lit.Elts) != 2 || r.info.Types[lit.Elts[1]].Value == nil {
		return "", false
	}
	call, ok := lit.Elts[0].(*ast.CallExpr)
	if !ok || r.info.Types[call].Type.String() != winapi+".GUID" {
		return "", false
	}
	text, ok := r.guidText(call.Args)
	return fmt.Sprintf("%s,%d", text, number64(r.info.Types[lit.Elts[1]].Value)), ok
}

func number64(v constant.Value) uint64 {
	n, _ := constant.Uint64Val(constant.ToInt(v))
	return n
}

// guidText writes the four numbers of a GUID as hexadecimal digits.
func (r *reader) guidText(parts []ast.Expr) (string, bool) {
	if len(parts) != 4 {
		return "", false
	}
	text := ""
	for i, digits := range []int{8, 4, 4, 16} {
		v := r.info.Types[parts[i]].Value
		if v == nil {
			return "", false
		}
		text += fmt.Sprintf("%0*x", digits, number64(v))
	}
	return text, true
}

func (r *reader) call(call *ast.CallExpr) {
	if r.isPointer(call.Fun) {
		r.address(call.Args[0])
		return
	}
	if to, ok := ast.Unparen(call.Fun).(*ast.StarExpr); ok && r.info.Types[call.Fun].IsType() && r.fromPointer(call) {
		r.layout(call, r.info.Types[to.X].Type)
		return
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if x := last(sel.X); x != nil && sel.Sel.Name == "Call" && r.procs[r.info.Uses[x]] != "" {
		r.code.functions = append(r.code.functions, function{r.procs[r.info.Uses[x]], arguments(call, 0), r.at(call)})
		r.named(call)
		return
	}
	if len(call.Args) == 0 {
		return
	}
	place := last(call.Args[0])
	if place == nil {
		return
	}
	if c, ok := r.info.Uses[place].(*types.Const); ok && c.Pkg() != nil && c.Pkg().Path() == "heliograph/"+r.dir {
		switch sel.Sel.Name {
		case "call":
			r.code.methods = append(r.code.methods, method{r.dir + "." + place.Name, arguments(call, 1), r.at(call)})
			r.named(call)
		case "text": // passes the address of a text
			r.code.methods = append(r.code.methods, method{r.dir + "." + place.Name, 1, r.at(call)})
		}
	}
}

// arguments counts the arguments of a call after the first ones.
func arguments(call *ast.CallExpr, after int) int {
	if call.Ellipsis.IsValid() {
		return -1
	}
	return len(call.Args) - after
}

// named reports numbers without a name among the arguments of a call, which
// nobody could check.
func (r *reader) named(call *ast.CallExpr) {
	for _, arg := range call.Args {
		if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.INT && lit.Value != "0" && lit.Value != "1" {
			r.fault(lit, "the number "+lit.Value+" has no name: make it a constant")
		}
	}
}

// isPointer reports whether a function is the conversion unsafe.Pointer.
func (r *reader) isPointer(fun ast.Expr) bool {
	sel, ok := fun.(*ast.SelectorExpr)
	return ok && r.info.Types[sel].IsType() && r.info.Types[sel].Type == types.Typ[types.UnsafePointer]
}

func (r *reader) fromPointer(call *ast.CallExpr) bool {
	return len(call.Args) == 1 && r.info.Types[call.Args[0]].Type == types.Typ[types.UnsafePointer]
}

// address notes the structure whose address is taken.
func (r *reader) address(e ast.Expr) {
	if p, ok := r.info.Types[e].Type.Underlying().(*types.Pointer); ok {
		r.layout(e, p.Elem())
	}
}

// layout notes a structure, or an array of bytes that stands for one.
func (r *reader) layout(at ast.Node, t types.Type) {
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() != "heliograph/"+r.dir {
		return
	}
	l := layout{key: r.dir + "." + types.TypeString(t, func(*types.Package) string { return "" }), size: r.sizes.Sizeof(t)}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		vars := slices.Collect(u.Fields())
		offsets := r.sizes.Offsetsof(vars)
		for i, v := range vars {
			l.fields = append(l.fields, field{v.Name(), offsets[i], r.sizes.Sizeof(v.Type())})
		}
	case *types.Array:
	default:
		return
	}
	if !r.layouts[l.key] {
		r.layouts[l.key] = true
		r.code.layouts = append(r.code.layouts, l)
	}
}

func (r *reader) at(n ast.Node) string {
	p := r.fset.Position(n.Pos())
	return fmt.Sprintf("%s/%s:%d", r.dir, filepath.Base(p.Filename), p.Line)
}

func (r *reader) fault(n ast.Node, text string) {
	r.code.faults = append(r.code.faults, r.at(n)+": "+text)
}

// selected returns the name of the method that is called; empty for a function.
func selected(call *ast.CallExpr) string {
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		return sel.Sel.Name
	}
	return ""
}

// last returns the identifier at the end of a name, a in a and in x.a.
func last(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	}
	return nil
}

// keys returns all that a table must have: constants, GUIDs and layouts.
func (c *code) keys() []string {
	keys := map[string]bool{}
	for _, n := range c.constants {
		keys[n.key] = true
	}
	for _, g := range c.guids {
		keys[g.key] = true
	}
	for _, l := range c.layouts {
		keys[l.key] = true
	}
	return slices.Sorted(maps.Keys(keys))
}
