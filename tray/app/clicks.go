package app

import (
	"context"
	"os"
	"strings"
	"time"

	"heliograph/graph/presence"
	"heliograph/graph/zone"
	"heliograph/tray/autostart"
	"heliograph/tray/launch"
	"heliograph/tray/menu"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// clicks carries out what the person clicks.
func (in *instance) clicks(ctx context.Context) {
	for {
		select {
		case id := <-in.tray.Clicks():
			in.click(ctx, id)
		case <-ctx.Done():
			return
		}
	}
}

func (in *instance) click(ctx context.Context, id string) {
	defer in.poke() // the desktop has moved the check mark by itself
	if s, ok := menu.Status(id); ok {
		in.loop.Choose(presence.Choice{Status: s})
		return
	}
	if rule, ok := strings.CutPrefix(id, menu.RulePrefix); ok {
		in.toggle(rule)
		return
	}
	if until, ok := menu.Until(id, time.Now().In(zone.Local()), in.settings.Value().File.Automatic.Hours()); ok {
		if c := in.loop.State().Choice; c.Status != presence.Automatic {
			c.Until = until.Round(0)
			in.loop.Choose(c)
		}
		return
	}
	switch id {
	case menu.Pause:
		in.pause()
	case menu.Sign:
		in.parts.Go("sign-in", func() { in.signInOrOut(ctx) })
	case menu.CancelSignIn:
		in.account.CancelSignIn()
	case menu.FreeTheirs:
		in.loop.ClearTheirs()
	case menu.NotACall:
		if c := in.loop.State().Activity.Call; c.Active() {
			in.deny(c.App, c.Name)
		}
	case menu.IsACall:
		in.allowUnlisted()
	case menu.Autostart:
		in.toggleAutostart()
	case menu.Settings:
		in.parts.Go("settings file", in.openSettings)
	case menu.Log:
		in.parts.Go("log file", func() { in.openFile(in.opts.LogPath, "toast.log") })
	case menu.About:
		in.tell("about", true, words.Say("toast.about", in.opts.Version), words.Say("toast.about.body"))
	case menu.Quit:
		in.quit()
	}
}

// pause leaves Teams alone for an hour, or goes on.
func (in *instance) pause() {
	c := presence.Choice{Status: presence.Paused, Until: time.Now().Add(time.Hour).Round(0)}
	if in.loop.State().Choice.Status == presence.Paused {
		c = presence.Choice{Status: presence.Automatic}
	}
	in.loop.Choose(c)
}

// allowUnlisted takes the unlisted program that records now for a call.
func (in *instance) allowUnlisted() {
	for _, s := range in.watch.Streams() {
		if s.Unlisted {
			in.allow(s.Program, s.Name)
			return
		}
	}
}

func (in *instance) toggleAutostart() {
	on, err := autostart.State()
	switch {
	case err == nil && on:
		err = autostart.Disable()
	case err == nil:
		var exe string
		if exe, err = os.Executable(); err == nil {
			err = autostart.Enable(exe, "run")
		}
	}
	if err != nil {
		in.log.Warn("start at login could not be changed", "error", err)
		in.tell("autostart", true, words.Say("toast.autostart"), err.Error())
	}
}

func (in *instance) openSettings() {
	path := in.settings.Value().Path
	if err := settings.EnsureFile(path); err != nil {
		in.log.Warn("the settings file could not be made", "error", err)
	}
	in.openFile(path, "toast.settings")
}

// openFile shows a file in whatever the desktop opens it with; where nothing
// does, a toast at least tells where it is.
func (in *instance) openFile(path, failed string) {
	if err := launch.File(path); err != nil {
		in.log.Warn("a file could not be opened", "file", path, "error", err)
		in.tell("file", true, words.Say(failed), path)
	}
}
