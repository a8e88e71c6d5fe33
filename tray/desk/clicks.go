package desk

import (
	"context"

	"github.com/pkg/browser"

	"heliograph/graph/presence"
	"heliograph/tray/config"
	"heliograph/tray/menu"
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
	if s, ok := menu.Status(id); ok {
		in.loop.Choose(presence.Choice{Status: s})
		in.poke() // the desktop has moved the check mark by itself
		return
	}
	switch id {
	case menu.SignIn:
		in.wait.Go(func() { in.signIn(ctx) })
	case menu.SignOut:
		in.wait.Go(func() {
			if err := in.signOut(ctx); err != nil {
				in.log.Warn("sign-out", "error", err)
			}
		})
	case menu.FreeTheirs:
		in.loop.ClearTheirs()
	case menu.NotACall:
		if app := in.loop.State().Activity.Call.App; app != "" {
			in.deny(app)
		}
	case menu.Settings:
		in.wait.Go(in.openSettings)
	case menu.Quit:
		in.quit()
	}
}

func (in *instance) openSettings() {
	err := config.EnsureFile(in.opts.ConfigPath)
	if err == nil {
		err = browser.OpenFile(in.opts.ConfigPath)
	}
	if err != nil {
		in.log.Warn("the settings file could not be opened", "error", err)
		in.tell("settings", true, "Settings file", in.opts.ConfigPath)
	}
}
