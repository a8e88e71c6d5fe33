// Command man writes a manual page for each command of heliograph into a
// folder, from the command table itself. It is a build tool, so that what
// makes the pages is not part of the program.
//
// usage: go run ./build/man FOLDER
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra/doc"

	"heliograph/tray/cli"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: man FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "man:", err)
		os.Exit(1)
	}
}

// write creates the folder if necessary and writes heliograph.1,
// heliograph-set.1 and so on into it.
func write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	root := cli.Command(&cli.App{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
	root.DisableAutoGenTag = true // without the date: the same source makes the same pages
	return doc.GenManTree(root, &doc.GenManHeader{Title: "HELIOGRAPH", Section: "1", Source: "heliograph", Manual: "User commands"}, folder)
}
