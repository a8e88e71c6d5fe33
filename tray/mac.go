package tray

import (
	"errors"
	"strings"
)

// This file judges what macOS reports. It is built on every system, so that it
// can be tested.

// sessionHasGraphics is a bit of the attributes of a security session.
//
// Source: Security/AuthSession.h
const sessionHasGraphics = 0x0010 // sessionHasGraphicAccess

// errNoMenuBar is the error outside a desktop session, where AppKit ends the
// process that uses it.
var errNoMenuBar = errors.New("there is no menu bar here, as over ssh: start heliograph within your desktop session")

// judgeSession returns an error where this process must not use AppKit, which it
// may where its security session has a screen and the window server answers for a
// login session. Over ssh the window server answers for the user at the screen,
// and only the first tells.
func judgeSession(attributes uint32, loginSession bool) error {
	if !loginSession || attributes&sessionHasGraphics == 0 {
		return errNoMenuBar
	}
	return nil
}

// permission is what the person has decided about notifications of heliograph.
type permission int

// Values of UNAuthorizationStatus.
//
// Source: UserNotifications/UNNotificationSettings.h
const (
	permissionOpen        permission = 0 // UNAuthorizationStatusNotDetermined
	permissionDenied      permission = 1 // UNAuthorizationStatusDenied
	permissionGiven       permission = 2 // UNAuthorizationStatusAuthorized
	permissionProvisional permission = 3 // UNAuthorizationStatusProvisional
)

// errToastsOff is the error where the person has switched notifications off. Then
// no other program may show them in place of heliograph.
var errToastsOff = errors.New("notifications of heliograph are switched off in System Settings > Notifications")

// judgePermission says whether a toast is shown as the program's own. It is shown
// through another program where the person has not decided yet, or macOS does not
// ask them for this program, which is what failed says; refused means that it is
// not shown at all.
func judgePermission(may permission, failed error) (own bool, refused error) {
	switch {
	case failed != nil || may == permissionOpen:
		return false, nil
	case may == permissionDenied:
		return false, errToastsOff
	}
	return true, nil
}

// isSigned reports whether a program has notifications of its own: it is in a
// bundle, and its signature is that of the bundle. The linker's own signature
// names no bundle.
func isSigned(bundleID, signedID string) bool { return bundleID != "" && bundleID == signedID }

// appleScript returns the script that shows a notification.
//
// Source: "StandardAdditions" of AppleScript, display notification
func appleScript(n Toast) string {
	return "display notification " + quoteAppleScript(n.body()) + " with title " + quoteAppleScript(n.Title)
}

// quoteAppleScript returns a text as AppleScript writes it. Only the backslash and
// the quotation mark have a meaning in it, unlike in Go, which writes others as
// escapes that AppleScript does not know.
//
// Source: AppleScript Language Guide, "text", Special String Characters
func quoteAppleScript(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == 0 {
			return -1 // would end the argument
		}
		return r
	}, s)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
