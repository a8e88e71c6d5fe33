// Command icons writes the program's icon in the sizes that an .exe carries,
// as icon16.png and so on.
//
// usage: go run ./build/windows/icons FOLDER
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"heliograph/assets"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: icons FOLDER")
		os.Exit(2)
	}
	for _, n := range []int{16, 24, 32, 48, 64, 128, 256} {
		path := filepath.Join(os.Args[1], fmt.Sprintf("icon%d.png", n))
		if err := os.WriteFile(path, assets.PNG("app", n, false), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "icons:", err)
			os.Exit(1)
		}
	}
	// The installer needs an .ico.
	if err := os.WriteFile(filepath.Join(os.Args[1], "heliograph.ico"), assets.ICO("app", false), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "icons:", err)
		os.Exit(1)
	}
}
