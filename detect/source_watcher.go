//go:build windows || darwin

package detect

// watcherSource is a source that is a watcher of another package.
type watcherSource struct {
	read func() (result, error)
	end  func()
}

func (s watcherSource) sample() (result, error) { return s.read() }

func (s watcherSource) close() { s.end() }
