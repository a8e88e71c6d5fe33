//go:build unix

package words

import (
	"testing"

	"heliograph/graph/presence"
)

func TestLocale(t *testing.T) {
	defer Use("en")
	for _, c := range []struct{ all, lang, language, want string }{
		{"", "de_DE.UTF-8", "", "Busy=Beschäftigt"}, {"C.UTF-8", "de_DE.UTF-8", "", "Busy=Busy"}, {"", "fr_FR.UTF-8", "de:en", "Busy=Beschäftigt"},
		{"", "", "de", "Busy=Busy"}, {"de_CH@euro", "en_US", "", "Busy=Beschäftigt"}, {"", "xx-garbage-", "", "Busy=Busy"},
	} {
		t.Setenv("LC_ALL", c.all)
		t.Setenv("LC_MESSAGES", "")
		t.Setenv("LANG", c.lang)
		t.Setenv("LANGUAGE", c.language)
		Use("auto")
		if got := "Busy=" + Status(presence.ChoseBusy); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
