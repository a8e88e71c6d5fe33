package autostart

import (
	"errors"
	"strings"
)

// ErrTranslocated refuses a path that exists until the Mac restarts, at most.
var ErrTranslocated = errors.New("macOS runs this copy from a temporary place, because it was downloaded and not moved: quit heliograph, move heliograph.app to Applications in Finder, open it there and try again")

// translocated reports whether a program runs from the place to which macOS
// copies a downloaded bundle that nobody has moved yet (App Translocation, also
// Gatekeeper path randomization), which is another one after each start.
//
// Source: "What's New in Security", WWDC 2016, session 706; SecTranslocate of
// Security.framework, which is not public, uses this folder.
func translocated(exe string) bool { return strings.Contains(exe, "/AppTranslocation/") }
