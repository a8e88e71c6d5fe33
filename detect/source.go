package detect

import (
	"context"
	"time"
)

// kind is one thing to find out, with the services of the operating system
// that may answer it, the best one first. The first that opens is used.
type kind struct {
	name       string // stable: it is Part.Name
	candidates []candidate
	fix        string // what the user can do if none opens
	settles    bool   // its sources depend on env.settle
}

// candidate is a service of the operating system that may be there.
type candidate struct {
	name string // stable: it is Part.Backend
	// open connects to the service. It returns when ctx ends at the latest;
	// ctx ends after openTimeout if open has not returned by then, and else
	// just before the source is closed. The error says why the service cannot
	// be used.
	open func(ctx context.Context, e env) (source, error)
	// polls: the system offers no event for this, so the source asks at
	// intervals.
	polls bool
	// lastResort: if this candidate is used, better ones are still looked for.
	lastResort bool
}

// env is what a source gets from its watcher.
type env struct {
	// settle is Options.Settle.
	settle time.Duration
	// changed is called whenever sample may answer differently, from any
	// goroutine. It does not block.
	changed func()
	// sleep delays the system's sleep.
	sleep *sleepHold
}

// source is one open service. It decodes and never judges.
type source interface {
	// sample returns what the service knows now, without waiting for it. An
	// error means that the source cannot be used any more: it is closed, and
	// the service is looked for again.
	sample() (result, error)
	// close releases everything and waits for the goroutines of the source,
	// but never for the service.
	close()
}

// result is what one source knows at one instant.
type result interface {
	// facts is the result in the terms of fold.
	facts() facts
	// value says the result in one English sentence; see Part.Value.
	value() string
}

// watcherSource is a source that is a watcher of another package.
type watcherSource struct {
	read func() (result, error)
	end  func()
}

func (s watcherSource) sample() (result, error) { return s.read() }

func (s watcherSource) close() { s.end() }
