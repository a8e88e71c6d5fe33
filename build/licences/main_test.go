package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProgramHasPermittedLicences judges every module of the program.
func TestProgramHasPermittedLicences(t *testing.T) {
	modules, err := programModules()
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) < 10 {
		t.Errorf("only %d modules: %v", len(modules), modules)
	}
	for _, m := range modules {
		if name, err := m.licence(); err != nil || name == "" {
			t.Errorf("%s: %q, %v", m.path, name, err)
		}
	}
}

func TestRecognise(t *testing.T) {
	const (
		mit  = "Permission is hereby granted, free of charge, to any person obtaining\na copy of this software … The above copyright notice and this permission notice shall be included"
		bsd  = "Redistribution and use in source and binary forms, with or without modification … Redistributions in binary form must reproduce the above copyright notice"
		mit0 = "Permission is hereby granted, free of charge, to any person obtaining a copy"
	)
	for text, want := range map[string]string{
		mit: "MIT",
		bsd: "BSD-2-Clause",
		bsd + " … Neither the name of X may be used to endorse or promote products derived from this software":                   "BSD-3-Clause",
		"Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted": "ISC",
		mit0:                   "",
		"":                     "",
		"All rights reserved.": "",
		"GNU GENERAL PUBLIC LICENSE\n  Version 3":         "",
		mit + " or the GNU Lesser General Public License": "",
		"Mozilla Public License Version 2.0":              "",
	} {
		name, err := recognise(text)
		if name != want || (err == nil) != (want != "") {
			t.Errorf("%.60q: %q, %v", text, name, err)
		}
	}
}

// TestEveryLicenceFileCounts: a second, copyleft one refuses the module, and so
// does none.
func TestEveryLicenceFileCounts(t *testing.T) {
	dir := t.TempDir()
	m := module{"example.org/x", "v1.0.0", dir}
	if _, err := m.licence(); err == nil {
		t.Error("a module without a licence passes")
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("LICENSE.txt", "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted")
	if name, err := m.licence(); name != "ISC" || err != nil {
		t.Errorf("%q, %v", name, err)
	}
	write("COPYING.lesser", "GNU Lesser General Public License")
	if _, err := m.licence(); err == nil || !strings.Contains(err.Error(), "copyleft") {
		t.Errorf("beside a copyleft licence: %v", err)
	}
}
