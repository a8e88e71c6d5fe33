// Package outlets reports the state to other programs: to a command of the
// user's, a webhook, an MQTT broker (and Home Assistant behind it) and, on
// Linux, to programs on the session bus. Each outlet gets the newest
// [control.State] when something in it has changed that matters to others, and
// none of them ever delays heliograph or another outlet. README.md says how
// each one is used.
//
// It refuses to carry the person's status message, window titles and tokens,
// decides nothing, and knows neither Microsoft nor the detector.
package outlets

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"heliograph/tray/control"
)

// Options says which outlets there are; the zero value has none.
type Options struct {
	Log     *slog.Logger
	Hook    Hook
	Webhook Webhook
	MQTT    MQTT
	// Bus offers the state on the session bus, where the system has one.
	Bus bool
}

// Names of the secrets that outlets take from the keyring, as a person uses them
// in `heliograph secret set`.
const (
	SecretWebhook = "webhook"
	SecretMQTT    = "mqtt"
)

// SecretItem returns the keyring item of a secret, and whether there is a secret
// of that name.
func SecretItem(name string) (item string, ok bool) {
	switch name {
	case SecretWebhook, SecretMQTT:
		return "secret." + name, true
	}
	return "", false
}

// secretTimeout bounds one read from the keyring.
const secretTimeout = 10 * time.Second

// readSecret calls read within secretTimeout; no read, no secret. The text name
// is for people.
func readSecret(ctx context.Context, name string, read func(context.Context) ([]byte, error)) ([]byte, error) {
	if read == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, secretTimeout)
	defer cancel()
	secret, err := read(ctx)
	if err != nil {
		return nil, &secretError{name, err}
	}
	return secret, nil
}

// secretError reports that a secret cannot be read from the keyring. Nothing is
// wrong with the server then, which is not even asked.
type secretError struct {
	name string
	err  error
}

func (e *secretError) Error() string { return fmt.Sprintf("the %s cannot be read: %v", e.name, e.err) }

func (e *secretError) Unwrap() error { return e.err }

// secretFix is what the user can do about a secretError.
const secretFix = "start or unlock the keyring, where the secret is: heliograph doctor says how, under Keyring"

// key is the part of a state whose change the outlets publish. Input, what
// follows from it (Until) and the renewal of a session are not part of it:
// typing must not run a command every half minute.
type key struct {
	status       string
	choiceSince  int64
	choiceUntil  int64
	wanted       control.Pair
	theirs       control.Pair
	rule         string
	app          string
	since        int64
	idle, locked bool
	inCall       bool
	call         string
	err          string
}

func keyOf(s control.State) key {
	k := key{
		status:      s.Choice.Status,
		choiceSince: nanoseconds(s.Choice.Since),
		choiceUntil: nanoseconds(s.Choice.Until),
		wanted:      valueOf(s.Wanted),
		theirs:      valueOf(s.Theirs),
		since:       nanoseconds(s.Since),
		idle:        s.Activity.Idle,
		locked:      s.Activity.Locked,
		inCall:      s.Activity.InCall,
		call:        valueOf(s.Activity.Call),
		err:         valueOf(s.Error),
	}
	if s.Reason != nil {
		k.rule, k.app = s.Reason.Rule, valueOf(s.Reason.App)
	}
	return k
}

// valueOf returns what p points to, or the zero value for nil.
func valueOf[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// nanoseconds returns the Unix time of t, by which equal instants are equal
// numbers whatever their zones; 0 for nil.
func nanoseconds(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.UnixNano()
}

// encode renders s as JSON for a program outside, with or without the account.
func encode(s control.State, account bool) ([]byte, error) {
	s = s.WithoutMessage()
	if !account {
		s = s.WithoutAccount()
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("the state has no JSON form: %w", err)
	}
	return raw, nil
}

// clock returns how a Part's value names the present time of day.
func clock() string { return time.Now().Format("15:04:05") }

// never is a timer's duration for what is not due.
const never = time.Duration(1<<63 - 1)
