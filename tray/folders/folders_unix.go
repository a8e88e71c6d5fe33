//go:build !windows && !darwin

package folders

func configHome() (string, error) { return fromEnv("XDG_CONFIG_HOME", inHome(".config")) }

func stateHome() (string, error) { return inHome(".local", "state")() }

func logHome() (string, error) { return stateHome() }

func runtimeHome() (string, error) { return fromEnv("XDG_CACHE_HOME", inHome(".cache")) }
