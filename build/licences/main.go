// Command licences lists the licence of every module in the program, on every
// system that it is built for, and fails for a licence that it does not know or
// that requires the program's source to be offered (copyleft). Tests and build
// tools are not in the program, and neither are their modules.
//
// usage: go run ./build/licences
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
)

func main() {
	modules, err := programModules()
	if err == nil {
		err = report(modules)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

// report prints a line for each module; the error names those that fail.
func report(modules []module) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	var failed []error
	for _, m := range modules {
		licence, err := m.licence()
		if err != nil {
			failed = append(failed, err)
			continue
		}
		fmt.Fprintf(out, "%s\t%s\t%s\n", m.path, m.version, licence)
	}
	return errors.Join(append(failed, out.Flush())...)
}

// module is one module of the program in the module cache.
type module struct{ path, version, dir string }

// own is the module of this project itself.
const own = "heliograph"

// programModules lists the modules of the program on all systems, sorted.
func programModules() ([]module, error) {
	var all []module
	for _, goos := range []string{"linux", "windows", "darwin"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}", own)
		cmd.Env = append(cmd.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go list for %s: %w", goos, err)
		}
		for line := range strings.Lines(string(out)) {
			fields := strings.Split(strings.TrimSpace(line), "\t")
			if len(fields) == 3 && fields[0] != own { // packages of the standard library are in none
				all = append(all, module{fields[0], fields[1], fields[2]})
			}
		}
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return slices.Compact(all), nil
}

// chosen names the file of the licence that we take where a module offers more
// than one.
var chosen = map[string]string{
	"github.com/eclipse/paho.golang": "edl-v10", // EPL-2.0 or EDL-1.0, which is BSD-3-Clause
}

// licenceFile matches the names of files with a licence.
var licenceFile = regexp.MustCompile(`(?i)^(un)?licen[cs]e|^copying`)

// licence names the licence of the module. Each file with a licence must be
// permitted.
func (m module) licence() (string, error) {
	files, err := m.licenceFiles()
	if err != nil {
		return "", err
	}
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(m.dir, file))
		if err != nil {
			return "", fmt.Errorf("%s: %w", m.path, err)
		}
		name, err := recognise(string(text))
		if err != nil {
			return "", fmt.Errorf("%s: %s: %w", m.path, file, err)
		}
		names = append(names, name)
	}
	return strings.Join(names, " and "), nil
}

func (m module) licenceFiles() ([]string, error) {
	if file, ok := chosen[m.path]; ok {
		return []string{file}, nil
	}
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.path, err)
	}
	var files []string
	for _, e := range entries {
		if e.Type().IsRegular() && licenceFile.MatchString(e.Name()) {
			files = append(files, e.Name())
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no licence file in %s", m.path, m.dir)
	}
	return files, nil
}

// copyleft are words of licences that reach beyond their own files or ask for
// source. A text that holds them is refused whatever else it holds.
var copyleft = []string{
	"gnu general public license", "gnu lesser general public license", "gnu library general public license", "gnu affero general public license",
	"mozilla public license", "eclipse public license", "common development and distribution license", "european union public licence",
	"common public license", "open software license", "server side public license", "attribution sharealike",
}

// permitted are the licences that we accept, each with all the sentences by
// which it is recognised. One that holds another's sentences comes first.
//
// Source: https://spdx.org/licenses/
var permitted = []struct {
	name      string
	sentences []string
}{
	{"Apache-2.0", []string{"apache license", "version 2 0", "grant of copyright license", "grant of patent license"}},
	{"MIT", []string{"permission is hereby granted free of charge to any person obtaining a copy", "the above copyright notice and this permission notice"}},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "endorse or promote products derived from this software"}},
	{"BSD-2-Clause", []string{"redistribution and use in source and binary forms", "redistributions in binary form must reproduce the above copyright notice"}},
	{"ISC", []string{"permission to use copy modify and or distribute this software for any purpose with or without fee is hereby granted"}},
	{"Unlicense", []string{"this is free and unencumbered software released into the public domain"}},
}

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

// recognise names a permitted licence by its text.
func recognise(text string) (string, error) {
	words := " " + notWord.ReplaceAllString(strings.ToLower(text), " ") + " "
	holds := func(sentence string) bool { return strings.Contains(words, " "+sentence+" ") }
	if i := slices.IndexFunc(copyleft, holds); i >= 0 {
		return "", fmt.Errorf("a copyleft licence: %s", copyleft[i])
	}
	for _, p := range permitted {
		if !slices.ContainsFunc(p.sentences, func(s string) bool { return !holds(s) }) {
			return p.name, nil
		}
	}
	return "", errors.New("an unknown licence")
}
