package doctor

// keyringName is where graph.KeyringVault keeps secrets here.
const keyringName = "Windows Credential Manager"
