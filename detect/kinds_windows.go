package detect

import "fmt"

// systemKinds lists what is found out on Windows, and through whom.
func systemKinds() []kind {
	return []kind{
		{name: "idle", value: idleValue, candidates: []candidate{{"last-input", openInputIdle}},
			fix: "run heliograph in your own session, not as a service"},
		{name: "sleep", value: seatValue, candidates: []candidate{{"wts", openWTS}},
			fix: "run heliograph in your own session, not as a service"},
		{name: "microphone", value: callsValue, candidates: []candidate{{"wasapi", openWASAPI}, {"consentstore, without playback", openConsentMicrophone}},
			fix: "calls are seen through Windows Audio, or through the list of programs that used the microphone (Windows 10 1903 and later)"},
		{name: "camera", value: cameraValue, candidates: []candidate{{"consentstore", openConsentCamera}},
			fix: "cameras in use are seen on Windows 10 1903 and later; without them browsers are in a call when they record and play"},
	}
}

func idleValue(f *facts) string {
	if f.inUse {
		return "in use"
	}
	return "no input since " + f.lastInput.Local().Format("15:04:05")
}

func seatValue(f *facts) string {
	text := "awake"
	if f.asleep {
		text = "going to sleep, or the session ends"
	}
	if f.locked {
		text += ", locked"
	} else {
		text += ", not locked"
	}
	if f.elsewhere {
		text += ", disconnected"
	}
	return text
}

func callsValue(f *facts) string { return fmt.Sprintf("%d recordings", len(f.captures)) }

func cameraValue(f *facts) string { return fmt.Sprintf("%d programs", len(f.cameras)) }
