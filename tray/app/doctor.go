package app

import (
	"context"
	"errors"
	"log/slog"

	"heliograph/graph/presence"
	"heliograph/tray/account"
	"heliograph/tray/control"
	"heliograph/tray/doctor"
	"heliograph/tray/settings"
)

// doctor examines the running instance.
func (in *instance) doctor(ctx context.Context) control.Report {
	f := in.facts()
	problem := in.account.State().Problem
	if errors.Is(f.State.Err, presence.ErrSignIn) {
		problem = f.State.Err
	}
	r := control.Report{Running: true, Parts: doctor.Detector(in.watch.Parts())}
	r.Parts = append(r.Parts, doctor.Machine(ctx)...)
	r.Parts = append(r.Parts, doctor.Account(in.opts.Config, f.Account, problem), doctor.Graph(in.opts.Config, f.State))
	r.Parts = append(r.Parts, in.hub.Parts()...)
	return r
}

// Examine is doctor without a running instance.
func Examine(ctx context.Context, c settings.Config, log *slog.Logger) control.Report {
	return doctor.Examine(ctx, c, account.Config(c, log), DetectorOptions(c, log))
}
