//go:build !windows && !darwin

package app

import "heliograph/assets"

// trayIcon returns an icon of twice the size that common panels use, so that it
// is sharp on dense screens.
func trayIcon(state string, dark bool) []byte { return assets.PNG(state, 44, dark) }
