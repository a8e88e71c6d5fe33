package folders

// configHome returns ~/Library/Application Support.
func configHome() (string, error) { return inHome("Library", "Application Support")() }

func stateHome() (string, error) { return configHome() }

// logHome returns where the Console app looks for logs.
func logHome() (string, error) { return inHome("Library", "Logs")() }

// runtimeHome returns the folder of the state: macOS may remove what is in Caches
// at any time, and old files in its folders for temporary files.
func runtimeHome() (string, error) { return configHome() }
