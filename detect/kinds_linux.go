package detect

import (
	"context"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// systemKinds lists what is found out on Linux, and through which services.
func systemKinds() []kind {
	const session = "run heliograph inside your desktop session, where DBUS_SESSION_BUS_ADDRESS is set"
	return []kind{
		{name: "idle", settles: true, fix: "run heliograph inside your desktop session, where WAYLAND_DISPLAY or DISPLAY is set",
			candidates: []candidate{
				{name: "ext-idle-notify", open: openWayland(extIdleNotify)},
				{name: "kde-idle", open: openWayland(kdeIdle)},
				{name: "mutter", open: openMutter},
				{name: "x11-sync", open: openX11Idle},
				{name: "x11-polling", open: openPollIdle, polls: true, lastResort: true},
				{name: "logind-hint", open: openLogindIdle, lastResort: true}, // it comes late
			}},
		{name: "sleep", fix: "sleep and user switching are only seen where systemd-logind or elogind runs",
			candidates: []candidate{{name: "logind", open: openLogind}}},
		{name: "clock", fix: "sleep that nobody announces is not seen on this kernel",
			candidates: []candidate{{name: "timerfd", open: openClock}}},
		{name: "lock", fix: session,
			candidates: []candidate{{name: "screensaver", open: openSaver}}},
		{name: "lockers", fix: "nothing is needed where the desktop itself locks the screen",
			candidates: []candidate{{name: "inotify", open: openLocker}}},
		{name: "inhibitors", fix: session,
			candidates: []candidate{{name: "session-bus", open: openInhibit}}},
		{name: "camera", fix: "a call is seen by its microphone too",
			candidates: []candidate{{name: "inotify", open: openCameras}}},
		{name: "microphone", fix: "calls are seen through PipeWire (with pipewire-pulse) or PulseAudio: start one of them",
			candidates: []candidate{{name: "pulseaudio", open: openPulse}}},
		{name: "sound-cards", fix: "programs that record without a sound server are not seen here",
			candidates: []candidate{{name: "inotify", open: openALSA}}},
	}
}

// busTimeout bounds one D-Bus call of ours.
const busTimeout = bus.CallTimeout

// hasOwner asks whether somebody has a name, without starting anybody.
func hasOwner(ctx context.Context, conn *dbus.Conn, name string) bool {
	var owned bool
	return conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, name).Store(&owned) == nil && owned
}

// nameWatch matches the coming and going of a name.
func nameWatch(name string) []dbus.MatchOption {
	return []dbus.MatchOption{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, name)}
}

// ownerChange reads the signal of a name's coming or going.
func ownerChange(s *dbus.Signal) (name, owner string, ok bool) {
	var old string
	ok = s.Name == "org.freedesktop.DBus.NameOwnerChanged" && dbus.Store(s.Body, &name, &old, &owner) == nil
	return name, owner, ok
}

// lostOwner reports that a watched name is no more.
func lostOwner(s *dbus.Signal) bool {
	_, owner, ok := ownerChange(s)
	return ok && owner == ""
}
