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
	f, v := in.facts(), in.settings.Value()
	problem := in.account.State().Problem
	if errors.Is(f.State.Err, presence.ErrSignIn) {
		problem = f.State.Err
	}
	r := control.Report{Running: true, Parts: doctor.Detector(in.watch.Parts())}
	r.Parts = append(r.Parts, doctor.Machine(ctx)...)
	r.Parts = append(r.Parts, doctor.Settings(v, in.settings.Unwatched()), doctor.Account(v.Config, f.Account, problem), doctor.Graph(v.Config, f.State))
	r.Parts = append(r.Parts, in.outlets.Parts()...)
	return r
}

// Examine is doctor without a running instance.
func Examine(ctx context.Context, v settings.Value, log *slog.Logger) control.Report {
	return doctor.Examine(ctx, v, account.Config(v.Config, log), DetectorOptions(v, log))
}
