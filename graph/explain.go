package graph

import (
	"errors"
	"maps"
	"net/http"

	"heliograph/graph/presence"
)

// Advice is what an error means for a person, as the name of a sentence. The
// sentences themselves are in the message catalogue, package words.
type Advice struct {
	// Key names the sentence; AdviceKeys lists all of them.
	Key string
	// Args fill the sentence.
	Args []any
	// Link is a page on which it can be put right, such as an administrator's
	// consent; empty: there is none.
	Link string
}

// adviceKeys are the keys that Explain returns, with the number of arguments.
var adviceKeys = map[string]int{
	// The keyring, and what is missing for a sign-in.
	"locked": 0, "refused": 0, "absent": 0, "silent": 0, "keyring": 0, "damaged": 0,
	"no-client": 0, "no-presence": 0, "no-secret": 0, "no-browser": 0, "credential": 1, "signed-out": 0,
	// A sign-in page.
	"unanswered": 0, "cancelled": 0, "declined": 0,
	// Refusals by Entra; the argument is its number (AADSTS).
	"single": 1, "consent": 1, "admin": 1, "unknown-app": 1, "disabled-app": 1, "blocked": 1, "device": 1,
	"expired": 1, "secret": 1, "application": 1, "entra": 1, "entra-kept": 1,
	// Answers of Microsoft Graph, and none.
	"sign-in": 0, "token": 0, "permission": 0, "invalid": 2, "busy": 0, "server": 1, "redirected": 0, "network": 0,
}

// AdviceKeys returns the keys of all advice, with the number of arguments that
// each sentence takes.
func AdviceKeys() map[string]int { return maps.Clone(adviceKeys) }

// byAADSTS are the keys of the refusals that have advice of their own, by
// Entra's number.
//
// Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var byAADSTS = map[int]string{
	50194: "single", 65001: "consent", 65004: "declined", 90094: "admin", 90095: "admin",
	700016: "unknown-app", 90002: "unknown-app", 7000112: "disabled-app",
	53003: "blocked", 50005: "blocked", 53000: "device", 53001: "device",
	50173: "expired", 700082: "expired", 70008: "expired", 50078: "expired", 700084: "expired",
	7000215: "secret", 7000222: "secret", 700027: "secret", 501051: "application",
}

// byCause sorts the errors that explain themselves.
var byCause = []struct {
	err error
	key string
}{
	{ErrVaultLocked, "locked"}, {ErrVaultRefused, "refused"}, {ErrVaultAbsent, "absent"}, {ErrVaultTimeout, "silent"},
	{ErrVaultDamaged, "damaged"}, {ErrVaultFailed, "keyring"},
	{ErrNoClientID, "no-client"}, {ErrNoPresence, "no-presence"}, {ErrNoCredential, "no-secret"}, {ErrNoBrowser, "no-browser"},
	{ErrNobodyAnswered, "unanswered"}, {ErrCancelled, "cancelled"}, {ErrNoItem, "signed-out"},
}

// Explain returns what an error of this package means for a person.
func Explain(err error) Advice {
	for _, known := range byCause {
		if errors.Is(err, known.err) {
			return Advice{Key: known.key}
		}
	}
	var c *credentialError
	if errors.As(err, &c) {
		return Advice{Key: "credential", Args: []any{c}}
	}
	var s *SignInError
	if errors.As(err, &s) {
		return explainSignIn(s)
	}
	var r *redirectError
	if errors.As(err, &r) {
		return Advice{Key: "redirected"}
	}
	var e *Error
	if errors.As(err, &e) {
		return explainAnswer(e)
	}
	if errors.Is(err, presence.ErrSignIn) {
		return Advice{Key: "signed-out"}
	}
	return Advice{Key: "network"}
}

// explainAnswer explains an answer that is an error.
func explainAnswer(e *Error) Advice {
	switch {
	case e.token():
		return Advice{Key: "token"}
	case e.foreign() && e.Status != http.StatusTooManyRequests:
		return Advice{Key: "network"}
	case e.Status == http.StatusForbidden, e.Status == http.StatusUnauthorized:
		return Advice{Key: "permission", Link: e.Link}
	case e.Wait > 0 || e.Status == http.StatusTooManyRequests:
		return Advice{Key: "busy"}
	case e.Status >= 500, e.Status < 300, e.from != "":
		return Advice{Key: "server", Args: []any{e.Status}}
	}
	return Advice{Key: "invalid", Args: []any{e.Status, e.Code}}
}

// explainSignIn explains a refusal by Entra.
func explainSignIn(s *SignInError) Advice {
	switch key, known := byAADSTS[s.AADSTS]; {
	case key == "declined", !known && s.Name == "access_denied":
		return Advice{Key: "declined"}
	case key == "consent", key == "admin", key == "application":
		return Advice{Key: key, Args: []any{s.AADSTS}, Link: s.Link}
	case known:
		return Advice{Key: key, Args: []any{s.AADSTS}}
	case s.AADSTS != 0 && s.keeps:
		return Advice{Key: "entra-kept", Args: []any{s.AADSTS}}
	case s.AADSTS != 0:
		return Advice{Key: "entra", Args: []any{s.AADSTS}}
	case s.keeps:
		return Advice{Key: "token"}
	}
	return Advice{Key: "sign-in"}
}
