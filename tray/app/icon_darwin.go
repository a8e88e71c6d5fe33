package app

import "heliograph/assets"

// trayIcon returns an icon that the menu bar colours itself, dark on a light one,
// of twice the size at which it is drawn, so that it is sharp on dense screens.
func trayIcon(state string, _ bool) []byte { return assets.Template(state, 36) }
