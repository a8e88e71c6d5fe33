package graph

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
)

// TestSessionWithoutCredentials holds that a session in which Windows stores
// nothing (error 1312) is explained as a keyring that is absent, not as one that
// fails, and other errors of Windows as one that fails.
func TestSessionWithoutCredentials(t *testing.T) {
	calls := make(abandonable, 1)
	for number, want := range map[syscall.Errno]string{1312: "absent", 1722: "keyring", 5: "keyring"} {
		for name, failure := range map[string]error{"plain": number, "wrapped": fmt.Errorf("CredWrite: %w", number)} {
			_, err := calls.run(t.Context(), func() (string, error) { return "", failure })
			if got := Explain(err).Key; got != want || !passing(err) || !errors.Is(err, number) {
				t.Errorf("%d, %s: %q, %v", number, name, got, err)
			}
		}
	}
}
