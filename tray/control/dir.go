package control

import "heliograph/tray/folders"

// Dir is the folder of the control socket.
func Dir() (string, error) { return folders.Runtime() }
