//go:build darwin && !cgo

package tray

import (
	"context"
	"errors"
	"sync"
)

// loop cannot show a tray in a build without cgo: the tray library needs it.
func loop(context.Context, *Tray, func()) error {
	return errors.New("this build has no menu bar icon: build heliograph on a Mac with cgo")
}

// drawer draws nothing.
type drawer struct {
	opts   Options
	clicks chan<- string
	ctx    context.Context
	wait   *sync.WaitGroup
}

func (*drawer) build(View, bool) {}
func (*drawer) apply(View, bool) {}
