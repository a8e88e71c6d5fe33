package app

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	"heliograph/graph/presence"
	"heliograph/graph/zone"
	"heliograph/tray/autostart"
	"heliograph/tray/control"
	"heliograph/tray/launch"
	"heliograph/tray/menu"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// clicks carries out what the person clicks. No click waits for a disk or a
// bus, or it would delay the next one.
type clicks struct {
	*instance
	autostart sync.Mutex // two clicks change it one after the other
}

func (c *clicks) run(ctx context.Context) {
	for {
		select {
		case id := <-c.tray.Clicks():
			c.click(ctx, id)
		case <-ctx.Done():
			return
		}
	}
}

func (c *clicks) click(ctx context.Context, id string) {
	defer c.redraw() // the desktop has already moved the check mark
	if s, ok := menu.Status(id); ok {
		c.loop.Choose(presence.Choice{Status: s})
		return
	}
	if rule, ok := strings.CutPrefix(id, menu.RulePrefix); ok {
		c.toggle(rule)
		return
	}
	if until, ok := menu.Until(id, time.Now().In(zone.Local()), c.settings.Value().File.Automatic.Hours()); ok {
		if choice := c.loop.State().Choice; choice.Status != presence.Automatic {
			choice.Until = until.Round(0)
			c.loop.Choose(choice)
		}
		return
	}
	switch id {
	case menu.Pause:
		c.pause()
	case menu.Sign:
		c.running.Go("sign-in", func() { c.signInOrOut(ctx) })
	case menu.CancelSignIn:
		c.account.CancelSignIn()
	case menu.FreeTheirs:
		c.loop.ClearTheirs()
	case menu.NotACall:
		if call := c.loop.State().Activity.Call; call.Active() {
			c.calls.deny(call.App, call.Name)
		}
	case menu.IsACall:
		c.calls.allowUnlisted()
	case menu.Autostart:
		c.running.Go("autostart", c.toggleAutostart)
	case menu.Settings:
		c.running.Go("settings file", c.openSettings)
	case menu.Log:
		c.running.Go("log file", func() { c.openFile(c.opts.LogPath, "toast.log") })
	case menu.About:
		c.notices.answer("about", words.Say("toast.about", c.opts.Version), words.Say("toast.about.body"))
	case menu.Quit:
		c.quit()
	}
}

// pause leaves Teams alone for an hour, or goes on.
func (c *clicks) pause() {
	choice := presence.Choice{Status: presence.Paused, Until: time.Now().Add(control.DefaultPause).Round(0)}
	if c.loop.State().Choice.Status == presence.Paused {
		choice = presence.Choice{Status: presence.Automatic}
	}
	c.loop.Choose(choice)
}

// signInOrOut carries out a click on the one row for both.
func (c *clicks) signInOrOut(ctx context.Context) {
	if !c.loop.State().SignedIn {
		c.account.SignIn(ctx)
		return
	}
	if err := c.account.SignOut(ctx); err != nil {
		c.log.Warn("signing out failed", "error", err)
	}
}

// toggle flips a switch.
func (c *clicks) toggle(id string) {
	for _, s := range c.settings.Value().Switches() {
		if s.ID == id {
			c.log.Info("rule switched", "rule", id, "on", !s.On)
			c.settings.SetSwitch(id, !s.On)
		}
	}
}

func (c *clicks) toggleAutostart() {
	c.autostart.Lock()
	defer c.autostart.Unlock()
	defer c.redraw()
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
		c.log.Warn("start at login could not be changed", "error", err)
		c.notices.answer("autostart", words.Say("toast.autostart"), explainAutostart(err))
	}
}

// explainAutostart says what to do about an error of package autostart.
func explainAutostart(err error) string {
	if errors.Is(err, autostart.ErrTranslocated) {
		return words.Say("toast.autostart.moved")
	}
	return err.Error()
}

// openSettings shows the settings file, after creating it if necessary.
func (c *clicks) openSettings() {
	path := c.settings.Value().Path
	if err := settings.EnsureFile(path); err != nil {
		c.log.Warn("the settings file could not be made", "error", err)
	}
	c.openFile(path, "toast.settings")
}

// openFile shows a file in the program that the desktop opens it with. If there
// is none, a toast says where the file is.
func (c *clicks) openFile(path, failed string) {
	if err := launch.File(path); err != nil {
		c.log.Warn("a file could not be opened", "file", path, "error", err)
		c.notices.answer("file", words.Say(failed), path)
	}
}
