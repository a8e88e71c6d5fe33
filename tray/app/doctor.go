package app

import (
	"context"
	"errors"

	"heliograph/graph/presence"
	"heliograph/tray/control"
	"heliograph/tray/doctor"
)

// doctor examines the running instance.
func (in *verbs) doctor(ctx context.Context) control.Report {
	f, v := in.facts.now(), in.settings.Value()
	problem := in.account.State().Problem
	if errors.Is(f.State.Err, presence.ErrSignIn) {
		problem = f.State.Err
	}
	parts := append(doctor.Detector(in.watch.Parts()), doctor.Surroundings(ctx)...)
	parts = append(parts, doctor.Settings(v, in.settings.Unwatched()), doctor.Account(v.Config, f.Account, problem), doctor.Graph(v.Config, f.State))
	if in.opts.Logbook != nil {
		parts = append(parts, doctor.Log(in.opts.LogPath, in.opts.Logbook.Problem()))
	}
	return doctor.Report(true, append(parts, in.publish.outlets.Parts()...))
}
