package words

import (
	"runtime"

	"golang.org/x/text/message"
)

// system is the one whose words are used where a sentence has words for each;
// tests change it.
var system = runtime.GOOS

// solvedBySignIn are the keys of advice that ends with the hint to sign in.
var solvedBySignIn = map[string]bool{
	"damaged": true, "refused": true, "signed-out": true, "unanswered": true, "expired": true, "entra": true, "sign-in": true,
}

// Keys of the hint to sign in: by the menu, and by the command line.
const (
	byMenu    = "sign-in.menu"
	byCommand = "sign-in.command"
)

// Advice says what an error of package graph means and what to do, by the key
// that graph.Explain returns, to somebody who has the menu.
func Advice(key string, args ...any) string { return advice(printer.Load(), byMenu, key, args) }

// CommandAdvice is Advice for somebody who reads it on the command line.
func CommandAdvice(key string, args ...any) string {
	return advice(printer.Load(), byCommand, key, args)
}

// EnglishAdvice is CommandAdvice in English, for output that is never
// translated.
func EnglishAdvice(key string, args ...any) string {
	return advice(englishPrinter, byCommand, key, args)
}

func advice(p *message.Printer, signIn, key string, args []any) string {
	sentence := "advice." + key
	if here := sentence + "." + system; Known(here) {
		sentence = here
	}
	text := say(p, sentence, args)
	if solvedBySignIn[key] {
		text += " " + say(p, signIn, nil)
	}
	return text
}
