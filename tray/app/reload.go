package app

import (
	"context"
	"reflect"

	"heliograph/graph/presence"
	"heliograph/tray/account"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// followSettings calls apply with the settings, the present ones first and then
// the newest, until ctx ends. It skips those that are replaced while apply
// runs.
func (in *instance) followSettings(ctx context.Context, apply func(settings.Value)) {
	values, end := in.settings.Subscribe()
	defer end()
	for {
		select {
		case v := <-values:
			apply(v)
		case <-ctx.Done():
			return
		}
	}
}

// startSettings starts the goroutines that apply changed settings. The account
// and the outlets may take seconds to close, so each has a goroutine of its
// own.
func (in *instance) startSettings(ctx context.Context) {
	in.running.Go("settings", func() { in.settings.Run(ctx) })
	var last settings.Value
	in.running.Go("changes of settings", func() {
		in.followSettings(ctx, func(v settings.Value) {
			in.apply(last, v)
			last = v
		})
	})
	in.running.Go("changes of the account", func() {
		in.followSettings(ctx, func(v settings.Value) { in.account.Set(ctx, v.Config) })
	})
	in.running.Go("changes of the outlets", func() {
		in.followSettings(ctx, func(v settings.Value) { in.publish.outlets.set(v.Config) })
	})
}

// apply puts changed settings into use. It does not wait for anything.
func (in *instance) apply(was, is settings.Value) {
	words.Use(string(is.General.Language))
	if in.opts.Level != nil {
		in.opts.Level.Set(is.Log.Level.Slog())
	}
	if p := is.Policy(); p != was.Policy() {
		in.loop.SetPolicy(p)
	}
	if o := is.Detector(in.log); !reflect.DeepEqual(o, was.Detector(in.log)) {
		in.watch.SetOptions(o)
	}
	if p := is.Problem; p != nil && !reflect.DeepEqual(p, was.Problem) {
		in.notices.wrongSettings(is)
	}
	in.redraw()
}

// timing returns how long a session lasts with the account that the settings
// name.
func (in *instance) timing(p presence.Pair) presence.Timing {
	if own := account.Config(in.settings.Value().Config, in.log).Timing(); own != nil {
		return own(p)
	}
	return presence.DefaultTiming(p)
}
