package graph

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"heliograph/graph/presence"
	"heliograph/graph/retryafter"
)

// Error is an answer of Microsoft Graph, or of Entra, that is not a success.
//
// Source: https://learn.microsoft.com/graph/errors
type Error struct {
	Status    int
	Code      string // the service's error code; act on it, never on a message
	RequestID string // for Microsoft's support
	// Wait is the pause that the server asked for; zero: it asked for none.
	Wait time.Duration
	// Link is where an administrator can grant a missing permission; empty:
	// unknown.
	Link string
	// from names the service; empty: Microsoft Graph.
	from string
	// bearer: the answer refuses the token in the terms of RFC 6750, section 3.
	bearer bool
}

// foreign reports whether the answer has no mark of the service: it was written
// by something in between, such as a proxy.
func (e *Error) foreign() bool { return e.Code == "" && e.RequestID == "" && !e.bearer }

// token reports that the service does not accept the token itself.
func (e *Error) token() bool {
	return e.Status == http.StatusUnauthorized && (e.Code == "InvalidAuthenticationToken" || e.Code == "" && e.bearer)
}

func (e *Error) Error() string {
	from := cmp.Or(e.from, "Microsoft Graph")
	if e.foreign() {
		from = "something in place of " + from
	}
	s := fmt.Sprintf("%s answers %d", from, e.Status)
	if e.Code != "" {
		s += " " + e.Code
	}
	if e.Status < 300 {
		s += " with something else"
	}
	if e.RequestID != "" {
		s += ", request " + e.RequestID
	}
	return s
}

// RetryAfter returns the pause that the server asked for; see
// presence.RetryAfter.
func (e *Error) RetryAfter() (time.Duration, bool) { return e.Wait, e.Wait > 0 }

// Unwrap returns presence.ErrRefused for what Graph itself refuses, and
// presence.ErrAnswered for what may pass: a failure of the server, an answer of
// something in between, a token that Graph does not accept. It returns nil for
// a failure of Entra, without which no request can be made, and for a success
// that is not Graph's: a page in place of every answer. None of them ends a
// sign-in: Entra's refusal does, when it is asked for the next token; see
// SignInError.
func (e *Error) Unwrap() error {
	switch {
	case e.from != "", e.foreign() && e.Status < 300:
		return nil
	case e.foreign(), e.token(), e.Status < 300:
		return presence.ErrAnswered
	case e.Status == http.StatusRequestTimeout, e.Status == http.StatusTooManyRequests, e.Status >= 500:
		return presence.ErrAnswered
	}
	return presence.ErrRefused
}

// The longest pause that is accepted from a server, and from something in
// between.
const (
	maxWait        = time.Hour
	maxForeignWait = time.Minute
)

// bounded limits the pause that something in between asks for.
func (e *Error) bounded() *Error {
	if e.foreign() {
		e.Wait = min(e.Wait, maxForeignWait)
	}
	return e
}

// retryAfter returns the pause that an answer asks for, at most maxWait. Where
// the header is a date, it is one of the server's clock.
func retryAfter(h http.Header) time.Duration {
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(retryafter.Parse(h.Get("Retry-After"), now), maxWait)
}

// SignInError reports that there is no token: Entra has refused one, nobody is
// signed in, or a sign-in was not finished.
type SignInError struct {
	// Name is the OAuth error ("invalid_grant"), AADSTS Entra's own number;
	// either may be missing.
	Name   string
	AADSTS int
	// Link is where an administrator can allow heliograph; empty: unknown.
	Link string
	err  error
	// keeps: the earlier sign-in stays valid, and another token is asked for.
	keeps bool
}

func (e *SignInError) Error() string {
	switch {
	case e.AADSTS != 0:
		return fmt.Sprintf("sign-in: AADSTS%d (%s)", e.AADSTS, e.Name)
	case e.Name != "":
		return "sign-in: " + e.Name
	}
	// Only texts of this package: others may quote an answer.
	var unusable *credentialError
	if errors.As(e.err, &unusable) {
		return "sign-in needed: " + unusable.Error()
	}
	for _, known := range byCause {
		if errors.Is(e.err, known.err) {
			return "sign-in needed: " + known.err.Error()
		}
	}
	return "sign-in needed"
}

// Unwrap returns presence.ErrSignIn, or presence.ErrRefused where the sign-in stays
// valid although no token was given; and the reason where there is one.
func (e *SignInError) Unwrap() []error {
	kind := presence.ErrSignIn
	if e.keeps {
		kind = presence.ErrRefused
	}
	if e.err == nil {
		return []error{kind}
	}
	return []error{kind, e.err}
}

// personNeeded are the refusals of a token after which only a person gets the
// next one. After every other one (the application is disabled, its secret is
// wrong) an administrator has to act: the sign-in stays, and is tried again.
//
// Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
// and https://openid.net/specs/openid-connect-core-1_0.html#AuthError
var personNeeded = []string{"invalid_grant", "interaction_required", "consent_required", "login_required"}

var aadstsNumber = regexp.MustCompile(`AADSTS(\d{4,8})`)

// entraAnswer is the body of a refusal by the token endpoint.
type entraAnswer struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Codes       []int  `json:"error_codes"`
}

// tokenError sorts the errors of MSAL when it gets a token without a person.
// Only a refusal by Entra, in Entra's own shape, ends a sign-in; a proxy's page
// or half an answer is a failure of the network.
func tokenError(err error) error {
	var call msal.CallErr
	if errors.As(err, &call) && call.Resp != nil {
		err := entraError(call.Resp)
		var refused *SignInError
		if errors.As(err, &refused) {
			refused.keeps = !slices.Contains(personNeeded, refused.Name)
		}
		return err
	}
	var network *url.Error
	if errors.As(err, &network) {
		return fmt.Errorf("%s was not reached: %w", signInServer, network)
	}
	if cause := plainCause(err); cause != errGarbled || errors.Is(err, errGarbled) { // half an answer
		return fmt.Errorf("%s was not reached: %w", signInServer, cause)
	}
	// The text of any other error may quote the answer, and so a token.
	var garbled msal.InvalidJsonErr
	if errors.As(err, &garbled) {
		return fmt.Errorf("%s was not reached: something else answered", signInServer)
	}
	return &SignInError{keeps: true, err: errUnusable}
}

// errUnusable is an answer of the token endpoint that MSAL does not accept,
// such as one with fewer permissions than were asked for.
var errUnusable = errors.New("the answer cannot be used")

const signInServer = "Microsoft's sign-in server"

// entraError decodes an answer of the token endpoint that is not a success.
func entraError(resp *http.Response) error {
	var a entraAnswer
	if resp.Body != nil {
		if raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16)); err == nil {
			_ = json.Unmarshal(raw, &a) // a page of HTML is not JSON, and so has no name
		}
	}
	name, aadsts := plain(a.Error), number(a)
	trouble := resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500 || name == "temporarily_unavailable" || name == "server_error"
	if trouble || name == "" || aadsts == 0 { // Entra numbers each of its refusals
		e := &Error{from: signInServer, Status: resp.StatusCode, RequestID: plain(resp.Header.Get("x-ms-request-id")), Wait: retryAfter(resp.Header)}
		if aadsts != 0 {
			e.Code = name
		}
		return e.bounded()
	}
	return &SignInError{Name: name, AADSTS: aadsts}
}

// signInError sorts the errors of a sign-in by a person.
func signInError(err error) error {
	var refused *SignInError
	if errors.As(err, &refused) { // by the sign-in page
		return err
	}
	var call msal.CallErr
	var garbled msal.InvalidJsonErr
	var network *url.Error
	switch {
	case errors.As(err, &call) && call.Resp != nil:
		return entraError(call.Resp)
	case errors.As(err, &garbled), errors.As(err, &network), plainCause(err) != errGarbled:
		return tokenError(err)
	}
	return &SignInError{err: err}
}

// number returns Entra's own number of a refusal; zero if it has none.
func number(a entraAnswer) int {
	if len(a.Codes) > 0 {
		return a.Codes[0]
	}
	if m := aadstsNumber.FindStringSubmatch(a.Description); m != nil {
		n, _ := strconv.Atoi(m[1]) // digits only
		return n
	}
	return 0
}
