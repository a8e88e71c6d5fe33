package folders

import "os"

// configHome returns %AppData%, which follows the user from computer to
// computer.
func configHome() (string, error) { return os.UserConfigDir() }

// stateHome returns %LocalAppData%, which stays on this computer.
func stateHome() (string, error) { return os.UserCacheDir() }

func logHome() (string, error) { return stateHome() }

func runtimeHome() (string, error) { return os.UserCacheDir() }

// short returns dir: Windows has no sockets in folders.
func short(dir string) string { return dir }
