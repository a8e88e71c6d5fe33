package zone

import "testing"

// FuzzNamed: a name that Graph sends is a time zone of the database, or an error;
// it never opens another file.
func FuzzNamed(f *testing.F) {
	for _, name := range []string{"UTC", "Europe/Berlin", "Pacific Standard Time", "", "Local", "../../../etc/passwd", "/etc/localtime", "Europe", "Etc/GMT+12", "posixrules", "a\x00b"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		loc, err := Named(name)
		if (loc == nil) == (err == nil) {
			t.Fatalf("%q: %v, %v", name, loc, err)
		}
		if again, err2 := Named(name); (err == nil) != (err2 == nil) || err == nil && again.String() != loc.String() {
			t.Errorf("%q: %v, then %v", name, loc, again)
		}
	})
}
