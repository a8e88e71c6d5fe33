//go:build !linux && !windows && !darwin

package autostart

import "errors"

var errUnsupported = errors.New("not supported on this system")

func state() (bool, error) { return false, errUnsupported }

func enable(string, []string) error { return errUnsupported }

func disable() error { return errUnsupported }
