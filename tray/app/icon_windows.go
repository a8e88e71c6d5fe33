package app

import "heliograph/assets"

func trayIcon(state string, dark bool) []byte { return assets.ICO(state, dark) }
