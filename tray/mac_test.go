package tray

import (
	"errors"
	"strings"
	"testing"
)

// TestMenuBar: AppKit ends a process without a window server, so it is not used
// over ssh, even while the same user is at the screen.
func TestMenuBar(t *testing.T) {
	for name, c := range map[string]struct {
		attributes uint32
		session    bool
		want       bool
	}{
		"at the screen":             {0x6031, true, true},
		"over ssh":                  {0x1020, false, false},
		"over ssh, user at screen":  {0x1020, true, false},
		"a daemon":                  {0x0001, false, false},
		"shared screen":             {0x7031, true, true},
		"the window server is down": {0x6031, false, false},
		"attributes not known":      {0, true, false},
	} {
		if err := judgeSession(c.attributes, c.session); (err == nil) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestNotificationsOfItsOwn: UNUserNotificationCenter ends a process that has no
// bundle, and refuses one whose signature is not that of its bundle.
func TestNotificationsOfItsOwn(t *testing.T) {
	const id = "org.heliograph.heliograph"
	for name, c := range map[string]struct {
		bundle, signed string
		want           bool
	}{
		"signed bundle":           {id, id, true},
		"signed by the linker":    {id, "a.out", false},
		"bundle, not signed":      {id, "", false},
		"a program in a folder":   {"", "a.out", false},
		"nothing at all":          {"", "", false},
		"in another one's bundle": {"com.apple.Terminal", id, false},
	} {
		if got := isSigned(c.bundle, c.signed); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestToastsThatAreSwitchedOff: no other program shows what the person has
// switched off; one does where they were not asked.
func TestToastsThatAreSwitchedOff(t *testing.T) {
	failed := errors.New("UNErrorDomain 1")
	for name, c := range map[string]struct {
		may     permission
		failed  error
		own     bool
		refused error
	}{
		"given":         {permissionGiven, nil, true, nil},
		"provisional":   {permissionProvisional, nil, true, nil},
		"denied":        {permissionDenied, nil, false, errToastsOff},
		"not asked yet": {permissionOpen, nil, false, nil},
		"asks nobody":   {permissionOpen, failed, false, nil},
		"no answer":     {permissionDenied, failed, false, nil},
	} {
		if own, refused := judgePermission(c.may, c.failed); own != c.own || refused != c.refused {
			t.Errorf("%s: %v, %v", name, own, refused)
		}
	}
}

// readAppleScript reads a quoted text as AppleScript does, and returns what
// follows it; ok is false if it is not one text.
func readAppleScript(s string) (text, rest string, ok bool) {
	s, found := strings.CutPrefix(s, `"`)
	if !found {
		return "", "", false
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			i++
			if i == len(s) {
				return "", "", false
			}
			escaped, known := map[byte]byte{'\\': '\\', '"': '"', 'n': '\n', 'r': '\r', 't': '\t'}[s[i]]
			if !known {
				return "", "", false // a syntax error
			}
			b.WriteByte(escaped)
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

// FuzzAppleScript: whatever a toast says, the script shows exactly that and does
// nothing else.
func FuzzAppleScript(f *testing.F) {
	f.Add("In a call", `Zoom "records"`)
	f.Add(`\`, `" & (do shell script "id") & "`)
	f.Add("Grüße", "eine Zeile\nund noch eine\t\u202e\x1b")
	f.Add("\x00\"", "\\\"")
	f.Fuzz(func(t *testing.T, title, body string) {
		script := appleScript(Toast{Title: title, Body: body})
		rest, ok := strings.CutPrefix(script, "display notification ")
		var gotBody, gotTitle string
		if ok {
			gotBody, rest, ok = readAppleScript(rest)
		}
		if ok {
			rest, ok = strings.CutPrefix(rest, " with title ")
		}
		if ok {
			gotTitle, rest, ok = readAppleScript(rest)
		}
		clean := func(s string) string { return strings.ReplaceAll(string([]rune(s)), "\x00", "") }
		if !ok || rest != "" || clean(gotTitle) != clean(title) || clean(gotBody) != clean(body) {
			t.Errorf("%q, %q becomes %q", title, body, script)
		}
		if strings.ContainsRune(script, 0) {
			t.Errorf("%q has a NUL", script)
		}
	})
}
