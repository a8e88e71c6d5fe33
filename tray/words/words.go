// Package words is the message catalogue: every sentence that a person reads
// in the tray, in a toast or about the state, in each language that heliograph
// has. It draws nothing and decides nothing.
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

// texts are the languages; the first is used for people who want none of them.
var texts = []struct {
	tag  language.Tag
	text map[string]string
}{{language.English, english}, {language.German, german}}

// printer has the language of this process, englishPrinter English.
var (
	printer        atomic.Pointer[message.Printer]
	englishPrinter = newPrinter("en")
)

func init() { Use("en") }

// Use sets the language of the process: a name as in "de" or "de-AT"; "auto"
// and the empty name mean the system's. An unknown one is English.
func Use(name string) { printer.Store(printerFor(name)) }

// SayIn is Say in a language as Use takes it.
func SayIn(name, key string, args ...any) string { return say(printerFor(name), key, args) }

func printerFor(name string) *message.Printer {
	if name == "" || name == "auto" {
		return newPrinter(locale()...)
	}
	return newPrinter(name)
}

// newPrinter makes a printer for the first of the wanted languages that the
// catalogue has.
func newPrinter(wanted ...string) *message.Printer {
	tags := make([]language.Tag, 0, len(texts))
	b := catalog.NewBuilder(catalog.Fallback(texts[0].tag))
	for _, t := range texts {
		tags = append(tags, t.tag)
		for key, text := range t.text {
			if err := b.SetString(t.tag, key, text); err != nil {
				panic(err) // a text of this package that cannot be parsed
			}
		}
	}
	_, i := language.MatchStrings(language.NewMatcher(tags), wanted...)
	return message.NewPrinter(tags[i], message.Catalog(b))
}

// Say returns the sentence of a key, filled with args. Numbers are printed
// without a language's grouping: an error number is not an amount.
func Say(key string, args ...any) string { return say(printer.Load(), key, args) }

func say(p *message.Printer, key string, args []any) string {
	texts := make([]any, len(args))
	for i, a := range args {
		texts[i] = fmt.Sprint(a)
	}
	return p.Sprintf(message.Key(key, english[key]), texts...)
}

// Known reports whether the catalogue has a key.
func Known(key string) bool {
	_, ok := english[key]
	return ok
}

// SignInPage returns what the browser shows after Microsoft's sign-in page:
// whether that has signed the person in, or has refused.
func SignInPage(received bool) string {
	if received {
		return Say("sign-in.page.received")
	}
	return Say("sign-in.page.refused")
}
