package folders

import "os"

// configHome is %AppData%, which follows the user from computer to computer.
func configHome() (string, error) { return os.UserConfigDir() }

// stateHome is %LocalAppData%, which stays on this computer.
func stateHome() (string, error) { return os.UserCacheDir() }

func logHome() (string, error) { return stateHome() }
