//go:build !linux && !windows && !darwin

package detect

// systemKinds lists what would be found out here: there is no service for it
// yet, and each part says so.
func systemKinds() []kind {
	const fix = "detection is not built for this system yet; statuses that you choose work"
	return []kind{{name: "idle", fix: fix}, {name: "sleep", fix: fix}, {name: "lock", fix: fix}, {name: "microphone", fix: fix}}
}
