package doctor

// keyringName is where graph.KeyringVault keeps secrets here.
const keyringName = "Keychain"
