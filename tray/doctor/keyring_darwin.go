package doctor

// keyringName is where graph.KeyringVault keeps secrets here.
const keyringName = "Keychain"

// keyringFix is what helps against one that fails or does not answer.
const keyringFix = "lock the login keychain in Keychain Access and unlock it again, or log out and in again"
