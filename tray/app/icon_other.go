//go:build !windows

package app

import "heliograph/assets"

// trayIcon is drawn at twice the size of a common panel's icon, for sharp
// ones on dense screens.
func trayIcon(state string, dark bool) []byte { return assets.PNG(state, 44, dark) }
