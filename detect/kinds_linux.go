package detect

import "heliograph/detect/wayland"

// systemKinds lists what is found out on Linux, and through which services.
func systemKinds() []kind {
	const session = "run heliograph inside your desktop session, where DBUS_SESSION_BUS_ADDRESS is set"
	return []kind{
		{name: "idle", settles: true, fix: "run heliograph inside your desktop session, where WAYLAND_DISPLAY or DISPLAY is set",
			candidates: []candidate{
				{name: "ext-idle-notify", open: openWayland(wayland.ExtIdleNotify)},
				{name: "kde-idle", open: openWayland(wayland.KDEIdle)},
				{name: "mutter", open: openMutter},
				{name: "x11-sync", open: openX11Alarms},
				{name: "x11-polling", open: openX11Poll, polls: true, lastResort: true},
				{name: "logind-hint", open: openIdleHint, lastResort: true}, // it comes late
			}},
		{name: "sleep", fix: "sleep and user switching are only seen where systemd-logind or elogind runs",
			candidates: []candidate{{name: "logind", open: openSession}}},
		{name: "clock", fix: "sleep that nobody announces is not seen on this kernel",
			candidates: []candidate{{name: "timerfd", open: openClock}}},
		{name: "lock", fix: session,
			candidates: []candidate{{name: "screensaver", open: openSavers}}},
		{name: "lockers", fix: "nothing is needed where the desktop itself locks the screen",
			candidates: []candidate{{name: "inotify", open: openLockers}}},
		{name: "inhibitors", fix: session,
			candidates: []candidate{{name: "session-bus", open: openInhibitors}}},
		{name: "camera", fix: "a call is seen by its microphone too",
			candidates: []candidate{{name: "inotify", open: openCameras}}},
		{name: "microphone", fix: "calls are seen through PipeWire (with pipewire-pulse) or PulseAudio: start one of them",
			candidates: []candidate{{name: "pulseaudio", open: openPulse}}},
		{name: "sound-cards", fix: "programs that record without a sound server are not seen here",
			candidates: []candidate{{name: "inotify", open: openSoundCards}}},
	}
}
