// Package lab holds what both end-to-end suites need, build/e2e on a Linux
// desktop and build/windows/e2e under Wine: processes that end with their test,
// the emulated Microsoft, and a person who is signed in there.
//
// It contains no stories and asserts nothing about heliograph. Only tests
// import it.
package lab

import (
	"fmt"
	"os"
	"testing"
)

// Suite is what an end-to-end suite needs before its stories can run.
type Suite struct {
	// Variable is set in the environment where the stories can run; Command is
	// what runs them there.
	Variable, Command string
	// Required reports that it is a failure if Variable is not set.
	Required bool
	// Build makes the programs under test, in a folder that is removed at the
	// end.
	Build func(dir string) error
}

// Main runs the stories of a suite and returns the exit code of the process.
// TestMain calls it. If the process was started as a browser, see
// InstallBrowser, it acts as one instead.
func Main(m *testing.M, s Suite) int {
	if page := os.Getenv(pageVariable); page != "" {
		return browse(page)
	}
	if os.Getenv(s.Variable) == "" {
		if s.Required {
			fmt.Fprintln(os.Stderr, "e2e: these stories cannot run here:", s.Variable, "is not set")
			return 1
		}
		fmt.Println("e2e: skipped: these stories need", s.Command)
		return 0
	}
	dir, err := os.MkdirTemp("", "e2e")
	if err == nil {
		defer os.RemoveAll(dir)
		err = s.Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return m.Run()
}
