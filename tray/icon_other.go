//go:build !windows && !darwin

package tray

import "fyne.io/systray"

// showPicture shows a picture, which the desktop scales.
func showPicture(picture []byte) { systray.SetIcon(picture) }

// showTooltip sets the tooltip, whose length is not limited here.
func showTooltip(text string) { systray.SetTooltip(text) }
