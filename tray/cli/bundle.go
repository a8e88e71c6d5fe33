package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"heliograph/tray/control"
	"heliograph/tray/logbook"
	"heliograph/tray/support"
)

// bundleHere is the file of --bundle without one: in the present folder, and
// with the time in place of DATE.
const bundleHere = "heliograph-support-DATE.zip"

// maxBundleLog is how much of the log goes into the archive, in bytes: some days
// of an ordinary one.
const maxBundleLog = 256 << 10

// bundle writes the archive for a report of a problem. What cannot be found out
// is named in it: it is wanted most when something does not work.
func (d *Doctor) bundle(ctx context.Context) error {
	if d.JSON {
		return Usage("--bundle writes a file, and --json prints: choose one of them")
	}
	facts, err := d.supportFacts(ctx)
	if err != nil {
		return err
	}
	path, err := filepath.Abs(strings.Replace(d.Bundle, "DATE", facts.Now.Format("20060102-150405"), 1))
	if err != nil {
		return err
	}
	if err := writeBundle(path, facts); err != nil {
		return err
	}
	return d.line("Written: %s\nIt has no tokens, names of accounts, messages or window titles, and was sent to nobody. Look into it before you attach it to a report.", path)
}

// supportFacts collects what the archive is made of.
func (d *Doctor) supportFacts(ctx context.Context) (support.Facts, error) {
	o, err := d.openSettings(nil)
	if err != nil {
		return support.Facts{}, err
	}
	f := support.Facts{Version: Version(), Now: time.Now(), Settings: o.Value()}
	missing := func(what string, err error) {
		if err != nil {
			f.Missing = append(f.Missing, what+": "+err.Error())
		}
	}
	f.Report, err = d.examine(ctx)
	missing("doctor", err)
	f.State = askFor[control.State](ctx, d.App, control.VerbStatus, missing)
	f.Calls = askFor[control.Calls](ctx, d.App, control.VerbCalls, missing)
	f.Why = askFor[control.Why](ctx, d.App, control.VerbWhy, missing)
	path, err := logbook.Path()
	if err == nil {
		f.Log, err = logbook.Tail(path, maxBundleLog)
	}
	missing("log", err)
	return f, nil
}

// askFor asks the running instance. It returns nil if there is none, or no
// answer; only the latter is a surprise.
func askFor[T any](ctx context.Context, a *App, verb string, missing func(what string, err error)) *T {
	answer := new(T)
	if err := a.ask(ctx, verb, nil, answer); err != nil {
		if !errors.Is(err, control.ErrNotRunning) {
			missing(verb, err)
		}
		return nil
	}
	return answer
}

// writeBundle writes a new file, which only the user can read.
func writeBundle(path string, facts support.Facts) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return fmt.Errorf("%s exists: name another file with --bundle=FILE", path)
	case err != nil:
		return fmt.Errorf("the archive cannot be written: %w: name a file in a folder of yours with --bundle=FILE", err)
	}
	if err := errors.Join(support.Write(f, facts), f.Close()); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}
