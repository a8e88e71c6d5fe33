//go:build !linux && !windows && !darwin

package doctor

// keyringName is where graph.KeyringVault keeps secrets here: nowhere known.
const keyringName = ""

// keyringFix is what helps against one that fails or does not answer.
const keyringFix = ""

// KeyringAccess is what gives access to one that is locked or not there.
const KeyringAccess = "heliograph knows no keyring on this system"
