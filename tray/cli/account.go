package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"heliograph/graph"
	"heliograph/tray/account"
	"heliograph/tray/app"
	"heliograph/tray/control"
	"heliograph/tray/doctor"
	"heliograph/tray/launch"
	"heliograph/tray/outlets"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// Login carries out `login`.
type Login struct {
	*App
	Device  bool
	Timeout time.Duration
}

// Flags adds the command's flags.
func (l *Login) Flags(f *pflag.FlagSet) {
	f.BoolVar(&l.Device, "device-code", false, "show a code to enter on another device")
	f.DurationVar(&l.Timeout, "timeout", 5*time.Minute, "give up after `SPAN`")
}

// Run signs a person in, here and in the running instance.
func (l *Login) Run(ctx context.Context, _ []string) error {
	if l.Timeout <= 0 {
		return Usage("--timeout %s is not a length of time to wait: use one as in 2m", l.Timeout)
	}
	v, err := l.load()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, l.Timeout)
	defer cancel()
	who, err := l.signIn(ctx, v.Config)
	if err != nil {
		return advised(err)
	}
	if err := l.ask(ctx, control.VerbSignedIn, nil, nil); err != nil && !errors.Is(err, control.ErrNotRunning) {
		return fmt.Errorf("signed in as %s, but the running heliograph did not take the sign-in over: %w", who.Label(), err)
	}
	if who.Application {
		return l.line("The application signs in for %s.", who.Label())
	}
	return l.line("Signed in as %s (%s).", who.Name, who.Username)
}

// signIn signs a person in and keeps the session in the keyring.
func (l *Login) signIn(ctx context.Context, c settings.Config) (graph.Person, error) {
	a, err := l.openAccount(c)
	if err != nil {
		return graph.Person{}, err
	}
	p := graph.Prompt{OpenURL: launch.URL, Page: words.SignInPage}
	if l.Device {
		p.Device = func(d graph.DeviceCode) {
			_ = l.line("%s", words.Say("login.device", d.URL, d.Code, words.Clock(d.Expires, time.Now())))
		}
	} else if err := l.line("%s", words.Say("login.browser")); err != nil {
		return graph.Person{}, err
	}
	who, err := a.SignIn(ctx, p)
	if err != nil {
		return graph.Person{}, err
	}
	if err := a.Kept(); err != nil {
		return graph.Person{}, fmt.Errorf("signed in, but the keyring does not keep it: %w", err)
	}
	return who, nil
}

// openAccount returns the account for a command that works without a running
// instance.
func (a *App) openAccount(c settings.Config) (*graph.Account, error) {
	return graph.Open(account.Config(c, a.logger(c)), graph.KeyringVault{Ask: true})
}

// Logout carries out `logout`.
func (a *App) Logout(ctx context.Context, _ []string) error {
	err := a.ask(ctx, control.VerbSignOut, nil, nil)
	if errors.Is(err, control.ErrNotRunning) {
		err = a.signOut(ctx)
	}
	if err != nil {
		return err
	}
	return a.line("Signed out; nothing is left in the keyring.")
}

// clearTimeout bounds what a sign-out without a running instance asks of
// Microsoft.
const clearTimeout = 4 * time.Second

// signOut signs out where no instance runs.
func (a *App) signOut(ctx context.Context) error {
	v, err := a.load()
	if err != nil {
		return err
	}
	signedIn, err := a.openAccount(v.Config)
	if err != nil {
		return advised(err)
	}
	// The person has the time to unlock the keyring; a keyring that does not
	// answer ends it here.
	if _, err := (graph.KeyringVault{Ask: true}).Get(ctx, keyringProbe); err != nil && !errors.Is(err, graph.ErrNoItem) {
		return advised(err)
	}
	a.clear(ctx, signedIn, v.Config)
	return signedIn.SignOut(ctx)
}

// keyringProbe is the name of an item that is never set.
const keyringProbe = "probe"

// clear clears what an instance has left that was killed: it would outlive the
// sign-out, and afterwards nobody could clear it.
func (a *App) clear(ctx context.Context, signedIn *graph.Account, c settings.Config) {
	ctx, cancel := context.WithTimeout(ctx, clearTimeout)
	defer cancel()
	if _, err := signedIn.Restore(ctx); err != nil {
		return // nobody is signed in, or nobody can be asked
	}
	if r := app.ClearLeft(ctx, a.logger(c), signedIn.Client()); !r.Cleared {
		fmt.Fprintln(a.Err, "heliograph: could not clear what was set at Microsoft;", leftover(r.Left, time.Now()))
	}
}

// selfExplained are the advices that say all there is to know: the error would
// only repeat them in other words.
var selfExplained = []string{"no-client", "no-presence", "no-secret", "no-browser", "signed-out", "unanswered", "cancelled", "locked", "refused", "absent"}

// advised precedes an error of package graph with what a person can do.
func advised(err error) error {
	if slices.Contains(selfExplained, graph.Explain(err).Key) {
		return adviceAlone{err}
	}
	return fmt.Errorf("%s\nDetails: %w", adviceFor(err), err)
}

// adviceFor returns what a person can do about an error of package graph.
func adviceFor(err error) string {
	advice := graph.Explain(err)
	text := words.CommandAdvice(advice.Key, advice.Args...)
	if advice.Link != "" {
		text += "\n" + advice.Link
	}
	return text
}

// adviceAlone is an error of package graph whose text is its advice.
type adviceAlone struct{ err error }

func (a adviceAlone) Error() string { return adviceFor(a.err) }

// Unwrap returns the error itself.
func (a adviceAlone) Unwrap() error { return a.err }

// Secrets are the names that SecretName accepts.
var Secrets = []string{outlets.SecretWebhook, outlets.SecretMQTT, secretApplication}

// secretApplication is the application's own secret or certificate, for where
// no person signs in.
const secretApplication = "application"

// SecretName accepts one secret.
func SecretName(_ *cobra.Command, args []string) error {
	if len(args) == 1 {
		if slices.Contains(Secrets, args[0]) {
			return nil
		}
	}
	return Usage("name one secret: %s", strings.Join(Secrets, ", "))
}

// maxSecret keeps a secret within one keyring item, which on Windows holds
// 2,560 bytes of base64.
const maxSecret = 1024

// maxCredential has room for a certificate with its key; it is kept in parts.
const maxCredential = 32 << 10

// keyringPatience leaves a person the time to unlock the keyring.
const keyringPatience = 3 * time.Minute

// SetSecret carries out `secret set`. It reads the secret from a terminal
// without an echo, or from standard input.
func (a *App) SetSecret(ctx context.Context, args []string) error {
	most := maxSecret
	if args[0] == secretApplication {
		most = maxCredential
	}
	secret, err := a.readSecret(args[0], most)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, keyringPatience)
	defer cancel()
	vault := graph.KeyringVault{Ask: true}
	if item, ok := outlets.SecretItem(args[0]); ok {
		err = vault.Set(ctx, item, secret)
	} else {
		err = graph.KeepCredential(ctx, vault, string(secret))
	}
	if err != nil {
		return keyringError(err)
	}
	return a.line("The %s secret is in the keyring; heliograph uses it from the next connection on.", args[0])
}

// RemoveSecret carries out `secret remove`.
func (a *App) RemoveSecret(ctx context.Context, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, keyringPatience)
	defer cancel()
	vault := graph.KeyringVault{Ask: true}
	var err error
	if item, ok := outlets.SecretItem(args[0]); ok {
		err = vault.Delete(ctx, item)
	} else {
		err = graph.ForgetCredential(ctx, vault)
	}
	if err != nil {
		return keyringError(err)
	}
	return a.line("The %s secret is not in the keyring any more.", args[0])
}

// keyringError adds the fix where the keyring itself is the problem.
func keyringError(err error) error {
	for _, known := range []error{graph.ErrVaultAbsent, graph.ErrVaultLocked, graph.ErrVaultRefused} {
		if errors.Is(err, known) {
			return fmt.Errorf("the secret was not changed: %w: %s", err, doctor.KeyringAccess)
		}
	}
	return fmt.Errorf("the secret was not changed: %w", err)
}

func (a *App) readSecret(name string, most int) ([]byte, error) {
	var raw []byte
	var err error
	if f, ok := a.In.(*os.File); ok && isTerminal(f) {
		fmt.Fprintf(a.Err, "Secret for %s (it is not shown): ", name)
		raw, err = term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(a.Err)
	} else {
		raw, err = io.ReadAll(io.LimitReader(a.In, int64(most)+3))
		raw = bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("the secret cannot be read: %w", err)
	case len(raw) == 0:
		return nil, Usage("the secret is empty: type one, or pipe it in; to remove it use heliograph secret remove %s", name)
	case len(raw) > most:
		return nil, Usage("the secret is longer than %d bytes", most)
	}
	return raw, nil
}
