// Package doctor examines each part that heliograph needs or can use, and names
// a fix for what does not work. Every probe has a deadline, none asks a person
// anything, and none sets anything at Microsoft.
//
// Like the rest of the command line it speaks English only.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"heliograph/detect"
	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/tray"
	"heliograph/tray/control"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// probeTimeout bounds one probe: longer than any healthy service takes, short
// enough to wait for.
const probeTimeout = 5 * time.Second

// probe examines one part.
type probe struct {
	name string
	look func(context.Context) control.Part
}

// probeAll runs all probes at once and returns their parts in the same order. A
// probe that ignores its deadline is abandoned, which is a problem of its own.
func probeAll(ctx context.Context, probes []probe) []control.Part {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	parts := make([]control.Part, len(probes))
	var wait sync.WaitGroup
	for i, p := range probes {
		wait.Go(func() {
			done := make(chan control.Part, 1)
			go func() { done <- p.look(ctx) }()
			grace := time.NewTimer(probeTimeout + time.Second)
			defer grace.Stop()
			select {
			case parts[i] = <-done:
			case <-grace.C:
				parts[i] = control.Part{Problem: "it does not answer", Fix: "restart it, or sign out and in again"}
			}
			parts[i].Name = p.name
		})
	}
	wait.Wait()
	return parts
}

// optional are the parts that heliograph works without, as it does over SSH: it
// still knows from the rest whether the person is there, and is in a call.
var optional = map[string]bool{
	"sleep": true, "clock": true, "lock": true, "lockers": true, "inhibitors": true, "awake": true, "camera": true, "sound-cards": true,
	"tray": true, "toast": true, "dbus": true, "log": true,
}

// Report gives each part its level. running reports that the parts are those of
// a running instance.
func Report(running bool, parts []control.Part) control.Report {
	r := control.Report{Running: running, Parts: parts}
	for i, p := range r.Parts {
		switch {
		case p.Problem == "":
			r.Parts[i].Level = control.LevelOK
		case optional[p.Name]:
			r.Parts[i].Level = control.LevelWarning
		default:
			r.Parts[i].Level = control.LevelProblem
		}
	}
	return r
}

// Surroundings examines what a running instance uses of the desktop.
func Surroundings(ctx context.Context) []control.Part {
	return probeAll(ctx, []probe{{"tray", probeTray}, {"toast", probeToast}, {"keyring", probeKeyring}})
}

// Detector returns the parts of the detector.
func Detector(parts []detect.Part) []control.Part {
	out := []control.Part{}
	for _, p := range parts {
		out = append(out, control.Part{Name: p.Name, Backend: p.Backend, Value: p.Value, Problem: p.Problem, Fix: p.Fix, Polls: p.Polls})
	}
	return out
}

// Settings reports whether the settings file was accepted. unwatched is why its
// changes are not noticed; nil: they are, or heliograph does not run.
func Settings(v settings.Value, unwatched error) control.Part {
	p := control.Part{Name: "settings", Backend: v.Path}
	_, err := os.Stat(v.Path)
	switch {
	case v.Problem != nil:
		p.Problem, p.Fix = v.Problem.Where(), "correct the file; until then the "+v.Fallback()+" settings are used"
	case unwatched != nil:
		p.Problem, p.Fix = "changes of the file are not noticed: "+unwatched.Error(), "restart heliograph after a change; on Linux raise fs.inotify.max_user_instances and fs.inotify.max_user_watches"
	case errors.Is(err, fs.ErrNotExist):
		p.Value = "there is no file, so the defaults are used"
	default:
		p.Value = "accepted"
	}
	if p.Value != "" && len(v.Menu.Switches) > 0 {
		p.Value += "; changed in the menu: " + strings.Join(v.ChangedInMenu(), ", ")
	}
	return p
}

// Log reports whether the log is written. problem is why the last line is not in
// the file; nil: it is.
func Log(path string, problem error) control.Part {
	p := control.Part{Name: "log", Backend: path, Value: "written"}
	if problem != nil {
		p.Value, p.Problem = "", "nothing is written: "+problem.Error()
		p.Fix = "make its folder one that you can write to, with room on the disk, and remove what is not a file of yours there"
	}
	return p
}

// Account reports who is signed in, or what is wrong with the sign-in.
func Account(c settings.Config, who string, err error) control.Part {
	p := control.Part{Name: "account", Backend: authority(c), Value: who}
	switch {
	case err != nil:
		p.Problem, p.Fix = err.Error(), advice(err)
	case who == "":
		p.Problem, p.Fix = "nobody is signed in", signInFix
	}
	return p
}

// advice returns what an error of package graph means for a person.
func advice(err error) string {
	a := graph.Explain(err)
	return words.EnglishAdvice(a.Key, a.Args...)
}

const signInFix = "run heliograph login"

// Graph reports whether Microsoft Graph accepts what the running instance
// sends.
func Graph(c settings.Config, s presence.State) control.Part {
	p := control.Part{Name: "graph", Backend: endpoint(c)}
	switch {
	case s.Err != nil && !errors.Is(s.Err, presence.ErrSignIn):
		p.Problem, p.Fix = s.Err.Error(), advice(s.Err)
	case !s.SignedIn:
		p.Value = "not asked: nobody is signed in"
	case s.ShownAt.IsZero():
		p.Value = "not asked yet"
	default:
		p.Value = fmt.Sprintf("a colleague saw %s at %s", s.Shown.Pair, s.ShownAt.Local().Format("15:04:05"))
	}
	return p
}

// authority names the service that signs people in, and endpoint the one that
// has their presence, by the settings.
func authority(c settings.Config) string {
	if c.Account.Emulator != "" {
		return "emulator " + c.Account.Emulator
	}
	return "Microsoft Entra, cloud " + string(c.Account.Cloud)
}

func endpoint(c settings.Config) string {
	if c.Account.Emulator != "" {
		return "emulator " + c.Account.Emulator
	}
	return "Microsoft Graph " + string(c.Account.API)
}

func probeTray(ctx context.Context) control.Part {
	backend, err := tray.ProbeHost(ctx)
	if err != nil {
		return control.Part{Backend: backend, Problem: err.Error(), Fix: "on GNOME enable the AppIndicator extension; elsewhere add a status tray to the panel"}
	}
	return control.Part{Backend: backend, Value: "icons are shown"}
}

func probeToast(ctx context.Context) control.Part {
	backend, err := tray.ProbeToast(ctx)
	if err != nil {
		return control.Part{Backend: backend, Problem: err.Error(), Fix: "start a notification service (a desktop brings one; elsewhere dunst or mako)"}
	}
	return control.Part{Backend: backend, Value: "answers"}
}

// probeKeyring asks for an item that does not exist: a keyring that says so
// works. It never makes the keyring ask for its password.
func probeKeyring(ctx context.Context) control.Part {
	p := control.Part{Backend: keyringName}
	_, err := graph.KeyringVault{}.Get(ctx, "doctor")
	if err == nil || errors.Is(err, graph.ErrNoItem) {
		p.Value = "open"
		return p
	}
	p.Problem = err.Error()
	switch {
	case errors.Is(err, graph.ErrVaultLocked), errors.Is(err, graph.ErrVaultAbsent):
		p.Fix = advice(err)
	default:
		p.Fix = keyringFix
	}
	return p
}

// Examine examines without a running instance: it opens the detector, looks
// around, and signs in silently. It sets nothing.
func Examine(ctx context.Context, v settings.Value, account graph.Config, o detect.Options) control.Report {
	c := v.Config
	var parts []detect.Part
	var service control.Part
	probes := probeAll(ctx, []probe{
		{"detector", func(ctx context.Context) control.Part { parts = lookOnce(ctx, o); return control.Part{} }},
		{"tray", probeTray}, {"toast", probeToast}, {"keyring", probeKeyring},
		{"account", func(ctx context.Context) control.Part {
			p, graph := lookAtAccount(ctx, c, account)
			service = graph
			return p
		}},
	})
	all := Detector(parts)
	if probes[0].Problem != "" {
		all = append(all, probes[0])
	}
	service.Name = "graph"
	all = append(append(append(all, probes[1:]...), service), Settings(v, nil))
	for _, name := range outletsOf(c) {
		all = append(all, control.Part{Name: name, Value: "not tried: heliograph is not running"})
	}
	return Report(false, all)
}

// lookOnce opens the detector for one look.
func lookOnce(ctx context.Context, o detect.Options) []detect.Part {
	w := detect.Watch(ctx, o)
	defer w.Close()
	select {
	case <-w.Changes():
	case <-ctx.Done():
	}
	return w.Parts()
}

// lookAtAccount signs in silently and reads what colleagues see; it sets
// nothing.
func lookAtAccount(ctx context.Context, c settings.Config, from graph.Config) (account, service control.Part) {
	account, service = control.Part{Backend: authority(c)}, control.Part{Backend: endpoint(c), Value: "not asked: nobody is signed in"}
	fail := func(p *control.Part, err error) {
		p.Value, p.Problem, p.Fix = "", err.Error(), advice(err)
	}
	a, err := graph.Open(from, graph.KeyringVault{})
	if err != nil {
		fail(&account, err)
		return account, service
	}
	who, err := a.Restore(ctx)
	switch {
	case errors.Is(err, graph.ErrNoItem):
		account.Problem, account.Fix = "nobody is signed in", signInFix
		return account, service
	case err != nil:
		fail(&account, err)
		return account, service
	}
	account.Value = who.Label()
	shown, err := a.Client().Shown(ctx)
	if err != nil {
		fail(&service, err)
		return account, service
	}
	service.Value = fmt.Sprintf("a colleague sees %s", shown.Pair)
	return account, service
}

// outletsOf names the outlets that the settings ask for.
func outletsOf(c settings.Config) []string {
	var names []string
	for _, o := range []struct {
		name string
		on   bool
	}{{"hook", len(c.Hooks.OnChange) > 0}, {"webhook", c.Webhook.URL != ""}, {"mqtt", c.MQTT.Broker != ""}} {
		if o.on {
			names = append(names, o.name)
		}
	}
	return names
}
