package graph

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"
)

// keyringFailure sorts an error of go-keyring. A session that was not opened at
// a desktop, as over SSH or by a scheduled task, has no credentials; a policy can
// take them away too.
//
// Source: ERROR_NO_SUCH_LOGON_SESSION in "CredWriteW function",
// https://learn.microsoft.com/windows/win32/api/wincred/nf-wincred-credwritew
func keyringFailure(err error) error {
	if errors.Is(err, windows.ERROR_NO_SUCH_LOGON_SESSION) {
		return fmt.Errorf("%w: %w", ErrVaultAbsent, err)
	}
	return fmt.Errorf("%w: %w", ErrVaultFailed, err)
}
