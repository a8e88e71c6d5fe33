package detect

import (
	"path"
	"strings"

	"heliograph/detect/call"
	"heliograph/detect/coreaudio"
	"heliograph/detect/macos"
)

// This file turns the values of macOS into results. It is built on every
// system, so that it can be tested.

// macBundleIDs are the bundle ids of programs that the app table lists under
// that id only, by the names of their bundles.
var macBundleIDs = map[string]string{
	"Google Chrome":   "com.google.Chrome",
	"Microsoft Edge":  "com.microsoft.edgemac",
	"Brave Browser":   "com.brave.Browser",
	"Microsoft Teams": "com.microsoft.teams2",
}

// macNames returns names of a program, as in call.Sound.Names: its bundle id, the
// id of the program that it is a helper of, the name of the outermost bundle
// around its executable, and the name of the executable. Either of bundle and
// executable may be empty.
func macNames(bundle, executable string) []string {
	var names []string
	add := func(name string) {
		if name != "" {
			names = append(names, name)
		}
	}
	add(bundle)
	if i := strings.Index(strings.ToLower(bundle), ".helper"); i > 0 {
		add(bundle[:i])
	}
	if i := strings.Index(executable, ".app/"); i >= 0 {
		name := path.Base(executable[:i])
		add(name)
		add(macBundleIDs[name])
	}
	if executable != "" {
		add(path.Base(executable))
	}
	return names
}

// macSound returns the streams of the processes that record or play. executable
// returns the path of a process's executable, and self is our own process.
func macSound(processes []coreaudio.Process, executable func(pid int) string, self int) soundResult {
	var r soundResult
	for _, p := range processes {
		s := call.Sound{Index: p.ID, PID: p.PID, Names: macNames(p.Bundle, executable(p.PID)), Own: p.PID == self}
		s.Plumbing = len(s.Names) == 0
		if p.Recording {
			r.captures = append(r.captures, s)
		}
		if p.Playing {
			r.playbacks = append(r.playbacks, s)
		}
	}
	return r
}

// macInhibitors returns the requests of power assertions.
func macInhibitors(assertions []macos.Assertion, executable func(pid int) string) inhibitResult {
	r := inhibitResult{awakeKnown: true}
	for _, a := range assertions {
		r.awake = r.awake || a.KeepsDisplayOn()
		r.inhibitors = append(r.inhibitors, call.Inhibitor{Names: macNames("", executable(a.PID)), Reason: a.Name})
	}
	return r
}
