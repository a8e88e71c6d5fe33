package doctor

// keyringName is where graph.KeyringVault keeps secrets here.
const keyringName = "Keychain"

// keyringFix is what helps against one that fails or does not answer.
const keyringFix = "lock the login keychain in Keychain Access and unlock it again, or log out and in again"

// KeyringAccess is what gives access to one that is locked or not there.
const KeyringAccess = "unlock the login keychain in Keychain Access, or run the command at your desktop"
