//go:build !linux && !windows && !darwin

package doctor

// keyringName is where graph.KeyringVault keeps secrets here: nowhere known.
const keyringName = ""
