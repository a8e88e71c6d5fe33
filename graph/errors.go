package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"heliograph/graph/presence"
)

// Error is an answer of Microsoft Graph that is no success.
//
// Source: https://learn.microsoft.com/graph/errors
type Error struct {
	Status    int
	Code      string // Graph's error code; act on it, never on a message
	RequestID string // for Microsoft's support
	// Wait is the server's wish of when to come back; zero: none.
	Wait time.Duration
	// Link is where an administrator can grant a missing permission; empty:
	// unknown.
	Link string
}

func (e *Error) Error() string {
	s := fmt.Sprintf("Microsoft Graph answers %d", e.Status)
	if e.Code != "" {
		s += " " + e.Code
	}
	if e.RequestID != "" {
		s += ", request " + e.RequestID
	}
	return s
}

// RetryAfter is the pause that Graph asked for.
func (e *Error) RetryAfter() (time.Duration, bool) { return e.Wait, e.Wait > 0 }

// Unwrap says what can mend it.
func (e *Error) Unwrap() error {
	switch {
	case e.Status == http.StatusUnauthorized && e.Code == "InvalidAuthenticationToken":
		return presence.ErrSignIn
	case e.Status == http.StatusRequestTimeout, e.Status == http.StatusTooManyRequests, e.Status >= 500:
		return nil
	}
	return presence.ErrRefused
}

// maxWait is the longest pause taken from a server at its word.
const maxWait = time.Hour

// retryAfter reads the header: seconds, or an HTTP date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return 0
	}
	var d time.Duration
	if n, err := strconv.Atoi(v); err == nil {
		d = time.Duration(min(max(n, 0), int(maxWait/time.Second))) * time.Second
	} else if t, err := http.ParseTime(v); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), maxWait)
}

// SignInError is why Entra gave no token, and only a person can mend it.
type SignInError struct {
	// Name is the OAuth error ("invalid_grant"), AADSTS Entra's own number;
	// either may be missing.
	Name   string
	AADSTS int
	// Link is where an administrator can allow heliograph; empty: unknown.
	Link string
	err  error
}

func (e *SignInError) Error() string {
	switch {
	case e.AADSTS != 0:
		return fmt.Sprintf("sign-in: AADSTS%d (%s)", e.AADSTS, e.Name)
	case e.Name != "":
		return "sign-in: " + e.Name
	}
	return "sign-in needed"
}

// Unwrap is presence.ErrSignIn, and the reason where there is one.
func (e *SignInError) Unwrap() []error {
	if e.err == nil {
		return []error{presence.ErrSignIn}
	}
	return []error{presence.ErrSignIn, e.err}
}

var aadstsNumber = regexp.MustCompile(`AADSTS(\d{4,8})`)

// entraAnswer is the body of a refusal of the token endpoint.
type entraAnswer struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Codes       []int  `json:"error_codes"`
}

// signInError sorts MSAL's errors: a refusal that a person must answer, a
// server that wants a pause, or a network that does not reach.
func signInError(err error) error {
	var call msal.CallErr
	if errors.As(err, &call) && call.Resp != nil {
		a := entraAnswer{}
		if call.Resp.Body != nil {
			raw, readErr := io.ReadAll(io.LimitReader(call.Resp.Body, 1<<16))
			if readErr == nil {
				_ = json.Unmarshal(raw, &a) // a proxy's page is no JSON: the status decides
			}
		}
		if s := call.Resp.StatusCode; s == http.StatusTooManyRequests || s >= 500 || a.Error == "temporarily_unavailable" {
			return &Error{Status: s, Code: a.Error, Wait: retryAfter(call.Resp.Header, time.Now())}
		}
		e := &SignInError{Name: a.Error, AADSTS: number(a)}
		if e.Name == "" {
			e.err = fmt.Errorf("the sign-in server answers %d", call.Resp.StatusCode)
		}
		return e
	}
	if temporary(err) {
		return fmt.Errorf("the sign-in server was not reached: %w", err)
	}
	e := &SignInError{err: err}
	if m := aadstsNumber.FindStringSubmatch(err.Error()); m != nil {
		e.AADSTS, _ = strconv.Atoi(m[1]) // digits only
	}
	return e
}

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

// temporary reports an error of the network or of time, not of the account.
func temporary(err error) bool {
	var net interface{ Timeout() bool } // url.Error, net.Error, context.DeadlineExceeded
	return errors.As(err, &net) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}
