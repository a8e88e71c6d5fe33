package doctor

// keyringName is where graph.KeyringVault keeps secrets here.
const keyringName = "Secret Service"

// keyringFix is what helps against one that fails or does not answer.
const keyringFix = "restart the keyring service, or sign out of the desktop and in again"

// KeyringAccess is what gives access to one that is locked or not there.
const KeyringAccess = "unlock or start the keyring service"
