package app

import (
	"context"
	"log/slog"

	"heliograph/graph/presence"
	"heliograph/tray/control"
)

// ClearLeft clears at Microsoft what an instance that does not run any more has
// left there, and reports what it could not clear. Its ledger is in the state
// file, which must belong to no running instance.
func ClearLeft(ctx context.Context, log *slog.Logger, s presence.Service) control.QuitReply {
	m := openMemory(log, "", false)
	loop := presence.New(presence.Options{Log: log, Saved: m.saved(), Keep: m.keep})
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); loop.Run(ctx) }()
	loop.SetService(s)
	_ = loop.Release(ctx) // what it leaves is listed
	left := loop.Left()
	stop()
	<-ended
	return quitReply(left)
}
