package autostart

import (
	"strings"
	"testing"
)

func TestEnableNeedsAnAbsolutePath(t *testing.T) {
	if err := Enable("heliograph"); err == nil || !strings.Contains(err.Error(), "absolute") {
		t.Errorf("got %v", err)
	}
}

func TestEntryQuotesEveryWord(t *testing.T) {
	for exe, want := range map[string]string{
		"/usr/bin/heliograph": `Exec=/usr/bin/heliograph run ""`,
		"/opt/my apps/helio":  `Exec="/opt/my apps/helio" run ""`,
		`/a/100%/$x"\`:        `Exec="/a/100%%/\\$x\\"\\\\" run ""`,
	} {
		text, err := renderEntry(exe, []string{"run", ""})
		if err != nil || !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("%s: %v\n%s\nlacks %s", exe, err, text, want)
		}
		if e, err := parseEntry(text); err != nil || e.off || e.tryExec != exe || e.exec == "" {
			t.Errorf("%s is decoded as %+v, %v", exe, e, err)
		}
	}
	if _, err := renderEntry("/a\nHidden=true", nil); err == nil {
		t.Error("a line break was written into the entry")
	}
}

func TestEntryThatAPersonSwitchedOff(t *testing.T) {
	const head = "# by hand\n[Desktop Entry]\nType=Application\nExec=/bin/true\n"
	for text, off := range map[string]bool{
		head:                                          false,
		head + "Hidden = true\n":                      true,
		head + "Hidden=false\n":                       false,
		head + "X-GNOME-Autostart-enabled=false":      true,
		head + "X-GNOME-Autostart-enabled=true":       false,
		head + "[Desktop Action x]\nHidden=true":      false,
		"[Other]\nHidden=true\n" + head + "\n\n":      false,
		strings.ReplaceAll(hiddenEntry, "\n", "\r\n"): true,
	} {
		if e, err := parseEntry(text); err != nil || e.off != off {
			t.Errorf("%q: off=%v, %v", text, e.off, err)
		}
	}
	if _, err := parseEntry("no entry at all"); err == nil {
		t.Error("text without an entry is accepted")
	}
}

func TestAgent(t *testing.T) {
	text, err := renderAgent("/Applications/A & <B>.app/x", []string{"run", "é"})
	if err != nil || !strings.Contains(text, "<string>/Applications/A &amp; &lt;B&gt;.app/x</string>\n\t\t<string>run</string>\n\t\t<string>é</string>") {
		t.Fatalf("%v\n%s", err, text)
	}
	a, err := parseAgent(text)
	if err != nil || a != (agent{program: "/Applications/A & <B>.app/x", load: true}) {
		t.Errorf("decoded as %+v, %v", a, err)
	}
	off := strings.Replace(text, "<key>RunAtLoad", "<key>Disabled</key>\n<true/>\n<key>RunAtLoad", 1)
	if a, err := parseAgent(off); err != nil || !a.off {
		t.Errorf("switched off: %+v, %v", a, err)
	}
	late := strings.Replace(text, "<true/>", "<false/>", 1)
	if a, err := parseAgent(late); err != nil || a.load {
		t.Errorf("not at load: %+v, %v", a, err)
	}
	for _, bad := range []string{"", "bplist00", text[:len(text)-20], "<plist><dict></dict></plist>"} {
		if a, err := parseAgent(bad); err == nil {
			t.Errorf("%q is decoded as %+v", bad, a)
		}
	}
}
