package settings

import _ "embed"

// template is the commented file that a new user finds. It sets nothing: read
// as a settings file it means [Default].
//
//go:embed template.toml
var template string
