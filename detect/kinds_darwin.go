package detect

// systemKinds lists what is found out on macOS, and through which services.
// macOS does not report which program uses the camera.
func systemKinds() []kind {
	const session = "run heliograph in your own session, not as a daemon"
	return []kind{
		{name: "idle", settles: true, fix: session,
			candidates: []candidate{{name: "coregraphics", open: openMacInput, polls: true}}},
		{name: "sleep", fix: session,
			candidates: []candidate{{name: "iokit", open: openMacSession, polls: true}}},
		{name: "microphone", fix: "calls are seen on macOS 14.2 and later",
			candidates: []candidate{{name: "coreaudio", open: openCoreAudio, polls: true}}},
		{name: "awake", fix: "without this, browsers are in a call when they record and play",
			candidates: []candidate{{name: "power-assertions", open: openPowerAssertions}}},
	}
}
