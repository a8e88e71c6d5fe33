package launch

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestOnlyWebPages: nothing but a web address reaches a browser, and the
// address is not part of the error.
func TestOnlyWebPages(t *testing.T) {
	for _, page := range []string{"", "file:///etc/passwd", "javascript:alert(1)", "--help", "mailto:secret@contoso.example", "https:secret", "https://", "http://secret\x00", "/secret"} {
		err := URL(page)
		if err == nil {
			t.Fatalf("%q was opened", page)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error %q contains the address", page, err)
		}
	}
}

func TestOnlyExistingFiles(t *testing.T) {
	for _, path := range []string{"", filepath.Join(t.TempDir(), "absent.log")} {
		if err := File(path); err == nil {
			t.Errorf("%q was opened", path)
		}
	}
}
