package graph

import (
	"context"
	"errors"
	"fmt"
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
// for an answer for ever.
func readyKeyring(ctx context.Context, ask bool) error {
	if !bus.HaveSession() {
		return fmt.Errorf("%w: there is no session bus", ErrVaultAbsent)
	}
	wait := keyringTimeout
	if ask {
		wait = unlockTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	conn, err := bus.Session(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrVaultAbsent, err)
	}
	defer conn.Close()
	collection, locked, err := lookAtCollection(ctx, conn)
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("keyring does not answer: %w", ctx.Err())
	case err != nil:
		return fmt.Errorf("%w: %w", ErrVaultAbsent, err)
	case !locked:
		return nil
	case !ask:
		return ErrVaultLocked
	}
	return unlock(ctx, conn, collection)
}

// lookAtCollection finds the collection as go-keyring does: "login" if there
// is one, else the default one.
func lookAtCollection(ctx context.Context, conn *dbus.Conn) (dbus.ObjectPath, bool, error) {
	service := conn.Object(secretsName, secretsPath)
	path := dbus.ObjectPath(secretsPath + "/collection/login")
	var all dbus.Variant
	if err := service.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, serviceIf, "Collections").Store(&all); err != nil {
		return "", false, err
	}
	paths, _ := all.Value().([]dbus.ObjectPath)
	found := false
	for _, p := range paths {
		found = found || p == path
	}
	if !found {
		path = secretsPath + "/aliases/default"
	}
	var locked dbus.Variant
	err := conn.Object(secretsName, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, "org.freedesktop.Secret.Collection", "Locked").Store(&locked)
	if err != nil {
		return "", false, fmt.Errorf("it has no collection to keep secrets in: %w", err)
	}
	b, ok := locked.Value().(bool)
	if !ok {
		return "", false, errors.New("the state of its collection cannot be read")
	}
	return path, b, nil
}

// reaction is less than any person takes to read a prompt and refuse it: a
// service without a way to ask dismisses its prompts by itself, at once.
const reaction = 150 * time.Millisecond

// unlock asks the service to unlock, and waits for the person it may ask.
func unlock(ctx context.Context, conn *dbus.Conn, collection dbus.ObjectPath) error {
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err := conn.Object(secretsName, secretsPath).CallWithContext(ctx, serviceIf+".Unlock", 0, []dbus.ObjectPath{collection}).Store(&unlocked, &prompt)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrVaultLocked, err)
	}
	if prompt == "/" {
		return nil
	}
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
