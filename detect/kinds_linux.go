package detect

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// systemKinds lists what is found out on Linux, and through whom.
func systemKinds() []kind {
	return []kind{
		{name: "idle", value: idleValue, candidates: []candidate{
			{"ext-idle-notify", openWayland(extIdleNotify)}, {"kde-idle", openWayland(kdeIdle)}, {"mutter", openMutter},
			{"x11-sync", openX11Idle}, {"x11-polling", openPollIdle}, {"logind-hint", openLogindIdle}},
			fix: "run heliograph inside your desktop session, where WAYLAND_DISPLAY or DISPLAY is set"},
		{name: "sleep", value: seatValue, candidates: []candidate{{"logind", openLogind}},
			fix: "sleep and user switching are only seen where systemd-logind or elogind runs"},
		{name: "clock", value: clockValue, candidates: []candidate{{"timerfd", openClock}},
			fix: "sleep that nobody announces is not seen on this kernel"},
		{name: "lock", value: lockValue, candidates: []candidate{{"screensaver", openSaver}},
			fix: "run heliograph inside your desktop session, where DBUS_SESSION_BUS_ADDRESS is set"},
		{name: "lockers", candidates: []candidate{{"inotify", openLocker}},
			fix: "none is needed where the desktop locks the screen by itself"},
		{name: "inhibitors", value: inhibitValue, candidates: []candidate{{"session-bus", openInhibit}},
			fix: "run heliograph inside your desktop session, where DBUS_SESSION_BUS_ADDRESS is set"},
		{name: "camera", candidates: []candidate{{"inotify", openCameras}},
			fix: "a call is seen by its microphone too"},
		{name: "microphone", value: callsValue, candidates: []candidate{{"pulseaudio", openPulse}},
			fix: "calls are seen through PipeWire (with pipewire-pulse) or PulseAudio: start one of them"},
		{name: "sound-cards", candidates: []candidate{{"inotify", openALSA}},
			fix: "programs that record without a sound server are not seen here"},
	}
}

func idleValue(f *facts) string {
	if f.inUse {
		return "in use"
	}
	return "no input since " + f.lastInput.Local().Format("15:04:05")
}

func seatValue(f *facts) string {
	switch {
	case f.asleep:
		return "going to sleep"
	case f.elsewhere:
		return "another session has the seat"
	}
	return "awake, this session has the seat"
}

func clockValue(f *facts) string {
	if f.woke.IsZero() {
		return "no sleep seen"
	}
	return "woke up at " + f.woke.Local().Format("15:04:05")
}

func lockValue(f *facts) string {
	if f.locked {
		return "locked"
	}
	return "not locked"
}

func inhibitValue(f *facts) string {
	if f.awake {
		return "a program keeps the screen awake"
	}
	return fmt.Sprintf("%d programs keep the machine awake, none the screen", len(f.inhibitors))
}

func callsValue(f *facts) string { return fmt.Sprintf("%d recordings", len(f.captures)) }

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
