//go:build !amd64 && !arm64

package wasapi

import (
	"context"
	"errors"
)

// Watcher is not made here: the callbacks of COM are written for the calling
// conventions of 64-bit Windows; see com_windows.go.
type Watcher struct{}

// Watch returns an error.
func Watch(context.Context, func()) (*Watcher, error) {
	return nil, errors.New("audio sessions: only in the 64-bit program")
}

// Sessions returns nothing.
func (*Watcher) Sessions() (Sessions, error) { return Sessions{}, nil }

// Close does nothing.
func (*Watcher) Close() {}
