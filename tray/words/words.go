// Package words is the message catalogue: every sentence that a person reads
// in the tray, in a toast or about the state, in each language that ships. It
// draws nothing and decides nothing.
//
// The help and the errors of the command line are English only.
package words

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// texts are the languages; the first is the one for everybody else.
var texts = []struct {
	tag  language.Tag
	text map[string]string
}{{language.English, english}, {language.German, german}}

// printer speaks the language of this process.
var printer atomic.Pointer[message.Printer]

func init() { Use("en") }

// Languages lists the names that Use accepts beside "auto".
func Languages() []string {
	var names []string
	for _, t := range texts {
		names = append(names, t.tag.String())
	}
	return names
}

// Use sets the language of the process: a name as in "de" or "de-AT"; "auto"
// and the empty name mean the system's. An unknown one is English.
func Use(name string) {
	wanted := []string{name}
	if name == "" || name == "auto" {
		wanted = locale()
	}
	tags := make([]language.Tag, 0, len(texts))
	b := catalog.NewBuilder(catalog.Fallback(texts[0].tag))
	for _, t := range texts {
		tags = append(tags, t.tag)
		for key, text := range t.text {
			if err := b.SetString(t.tag, key, text); err != nil {
				panic(err) // a text of this package that is no text
			}
		}
	}
	_, i := language.MatchStrings(language.NewMatcher(tags), wanted...)
	printer.Store(message.NewPrinter(tags[i], message.Catalog(b)))
}

// Say is the sentence of a key, filled with args. Numbers go in as they are to
// be read, without a language's grouping: an error number is no amount.
func Say(key string, args ...any) string {
	for i, a := range args {
		args[i] = fmt.Sprint(a)
	}
	return printer.Load().Sprintf(message.Key(key, english[key]), args...)
}

// Known reports whether the catalogue has a key.
func Known(key string) bool {
	_, ok := english[key]
	return ok
}

// Advice is the sentence for an advice of package graph, by its key.
func Advice(key string, args ...any) string { return Say("advice."+key, args...) }
