//go:build !linux && !windows

package tray

import (
	"context"
	"errors"
)

// theme is always dark here: the setting is not read on this system yet.
type theme struct{}

func watchTheme(context.Context) (*theme, error) {
	return &theme{}, errors.New("the theme is not read on this system")
}

func (*theme) dark() bool               { return true }
func (*theme) changed() <-chan struct{} { return nil }
