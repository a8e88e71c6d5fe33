package detect

// systemKinds lists what is found out on Windows, and through which services.
func systemKinds() []kind {
	const session = "run heliograph in your own session, not as a service"
	return []kind{
		{name: "idle", settles: true, fix: session,
			candidates: []candidate{{name: "last-input", open: openLastInput, polls: true}}},
		{name: "sleep", fix: session,
			candidates: []candidate{{name: "wts", open: openWTS}}},
		{name: "microphone", fix: "calls are seen through Windows Audio, or through the list of programs that used the microphone (Windows 10 1903 and later)",
			candidates: []candidate{
				{name: "wasapi", open: openWASAPI, polls: true}, // once a minute, lest a notice gets lost
				{name: "consentstore, without playback", open: openConsentMicrophone, lastResort: true},
			}},
		{name: "camera", fix: "cameras in use are seen on Windows 10 1903 and later; without them browsers are in a call when they record and play",
			candidates: []candidate{{name: "consentstore", open: openConsentCamera}}},
	}
}
