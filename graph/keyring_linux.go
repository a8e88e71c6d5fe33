package graph

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// Names of the Secret Service.
//
// Source: https://specifications.freedesktop.org/secret-service-spec
const (
	secretsName = "org.freedesktop.secrets"
	secretsPath = "/org/freedesktop/secrets"
	serviceIf   = "org.freedesktop.Secret.Service"
	promptIf    = "org.freedesktop.Secret.Prompt"
)

// readyKeyring looks at the collection that go-keyring will use and unlocks it
// on a connection of our own. go-keyring would do so on the connection that
// the tray shares, where a prompt's signal breaks the tray, and it would wait
// for an answer without a limit. The service has keyringTimeout to answer, the
// person who is asked for a password unlockTimeout.
func readyKeyring(ctx context.Context, ask bool) error {
	if !bus.HaveSession() {
		return fmt.Errorf("%w: there is no session bus", ErrVaultAbsent)
	}
	answer, cancel := context.WithTimeout(ctx, keyringTimeout)
	defer cancel()
	person, cancel := context.WithTimeout(ctx, unlockTimeout)
	defer cancel()
	conn, err := bus.Session(person)
	if err != nil {
		return secretsError(answer, err)
	}
	defer conn.Close()
	collection, locked, err := lookAtCollection(answer, conn)
	switch {
	case err != nil:
		return secretsError(answer, err)
	case !locked:
		return nil
	case !ask:
		return ErrVaultLocked
	}
	prompt, err := unlock(answer, conn, collection)
	switch {
	case err != nil && timedOut(answer, err):
		return fmt.Errorf("%w: %w", ErrVaultTimeout, err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrVaultLocked, err)
	case prompt == "/":
		return nil // without a prompt
	}
	return askPerson(person, conn, prompt)
}

// secretsError sorts why the service could not be reached.
func secretsError(ctx context.Context, err error) error {
	if timedOut(ctx, err) {
		return fmt.Errorf("%w: %w", ErrVaultTimeout, err)
	}
	return fmt.Errorf("%w: %w", ErrVaultAbsent, err)
}

// timedOut reports that an error means a service that hangs or has not started
// yet: our deadline, or the one of the bus.
func timedOut(ctx context.Context, err error) bool {
	var answer dbus.Error
	if errors.As(err, &answer) {
		return slices.Contains([]string{"org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.TimedOut", "org.freedesktop.DBus.Error.Timeout"}, answer.Name)
	}
	return ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded)
}

// lookAtCollection finds the collection that go-keyring will use ("login" if
// there is one, else the default one), and whether it is locked.
func lookAtCollection(ctx context.Context, conn *dbus.Conn) (_ dbus.ObjectPath, locked bool, err error) {
	service := conn.Object(secretsName, secretsPath)
	path := dbus.ObjectPath(secretsPath + "/collection/login")
	var all dbus.Variant
	if err := service.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, serviceIf, "Collections").Store(&all); err != nil {
		return "", false, err
	}
	if paths, _ := all.Value().([]dbus.ObjectPath); !slices.Contains(paths, path) {
		path = secretsPath + "/aliases/default"
	}
	var property dbus.Variant
	err = conn.Object(secretsName, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, "org.freedesktop.Secret.Collection", "Locked").Store(&property)
	if err != nil {
		return "", false, fmt.Errorf("it has no collection to keep secrets in: %w", err)
	}
	locked, ok := property.Value().(bool)
	if !ok {
		return "", false, errors.New("the state of its collection cannot be read")
	}
	return path, locked, nil
}

// unlock asks the service to unlock a collection. It returns the prompt that a
// person must answer first, or "/" if there is none.
func unlock(ctx context.Context, conn *dbus.Conn, collection dbus.ObjectPath) (prompt dbus.ObjectPath, err error) {
	var unlocked []dbus.ObjectPath
	err = conn.Object(secretsName, secretsPath).CallWithContext(ctx, serviceIf+".Unlock", 0, []dbus.ObjectPath{collection}).Store(&unlocked, &prompt)
	return prompt, err
}

// reaction is less than a person takes to read a prompt and refuse it. A prompt
// that is dismissed sooner was dismissed by the service, which cannot ask.
const reaction = 150 * time.Millisecond

// askPerson shows a prompt of the service and waits for the person's answer.
func askPerson(ctx context.Context, conn *dbus.Conn, prompt dbus.ObjectPath) error {
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(promptIf)); err != nil {
		return fmt.Errorf("%w: %w", ErrVaultLocked, err)
	}
	signals := make(chan *dbus.Signal, 4)
	conn.Signal(signals)
	asked := time.Now()
	if err := conn.Object(secretsName, prompt).CallWithContext(ctx, promptIf+".Prompt", 0, "").Err; err != nil {
		return fmt.Errorf("%w: it cannot ask for its password: %w", ErrVaultLocked, err)
	}
	for {
		select {
		case s, ok := <-signals:
			if !ok {
				return fmt.Errorf("%w: the session bus ended", ErrVaultAbsent)
			}
			if s.Path != prompt || s.Name != promptIf+".Completed" || len(s.Body) == 0 {
				continue
			}
			dismissed, _ := s.Body[0].(bool)
			switch {
			case !dismissed:
				return nil
			case time.Since(asked) < reaction:
				return fmt.Errorf("%w: it cannot ask for its password here", ErrVaultLocked)
			}
			return ErrVaultRefused
		case <-ctx.Done():
			return fmt.Errorf("%w: nobody answered its prompt", ErrVaultLocked)
		}
	}
}
