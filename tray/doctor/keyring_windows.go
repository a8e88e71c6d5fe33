package doctor

// keyringName is where graph.KeyringVault keeps secrets here.
const keyringName = "Windows Credential Manager"

// keyringFix is what helps against one that fails or does not answer.
const keyringFix = "sign out of Windows and in again"

// KeyringAccess is what gives access to one that is locked or not there.
const KeyringAccess = "run the command at your desktop, not over SSH or in a scheduled task"
