package folders

// configHome returns ~/Library/Application Support.
func configHome() (string, error) { return inHome("Library", "Application Support")() }

func stateHome() (string, error) { return configHome() }

// logHome returns where the Console app looks for logs.
func logHome() (string, error) { return inHome("Library", "Logs")() }

func cacheHome() (string, error) { return inHome("Library", "Caches")() }
