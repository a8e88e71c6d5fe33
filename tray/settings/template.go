package settings

import _ "embed"

// Template is the commented file that a new user finds; read as it stands it
// means exactly [Default].
//
//go:embed template.toml
var Template string
