package detect

import "fmt"

// systemKinds lists what is found out on macOS, and through whom. Who uses the
// camera is told to nobody there.
func systemKinds() []kind {
	return []kind{
		{name: "idle", value: idleValue, candidates: []candidate{{"coregraphics", openCGIdle}},
			fix: "run heliograph in your own session, not as a daemon"},
		{name: "sleep", value: seatValue, candidates: []candidate{{"iokit", openMacSession}},
			fix: "run heliograph in your own session, not as a daemon"},
		{name: "microphone", value: callsValue, candidates: []candidate{{"coreaudio", openCoreAudio}},
			fix: "calls are seen on macOS 14.2 and later"},
		{name: "awake", value: awakeValue, candidates: []candidate{{"power-assertions", openPowerWishes}},
			fix: "without them browsers are in a call when they record and play"},
	}
}

func idleValue(f *facts) string {
	if f.inUse {
		return "in use"
	}
	return "no input since " + f.lastInput.Local().Format("15:04:05") + ", looked at every second: macOS tells of no input"
}

func seatValue(f *facts) string {
	text := "awake"
	if f.asleep {
		text = "going to sleep"
	}
	if f.locked {
		text += ", locked"
	} else {
		text += ", not locked"
	}
	if f.elsewhere {
		text += ", another user has the screen"
	}
	return text
}

func callsValue(f *facts) string { return fmt.Sprintf("%d recordings", len(f.captures)) }

func awakeValue(f *facts) string { return fmt.Sprintf("%d wishes to stay awake", len(f.inhibitors)) }
