package lab

import (
	"archive/zip"
	"errors"
	"io"
	"testing"
)

// Unpack returns the files of a ZIP archive by their names.
func Unpack(t testing.TB, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string]string{}
	for _, file := range z.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		files[file.Name] = string(raw)
	}
	return files
}
