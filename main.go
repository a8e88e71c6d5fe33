// Command heliograph mirrors what a person does at the computer into their
// Microsoft Teams presence. Package tray/cli holds the command table and
// carries the commands out; this file is the process around it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"heliograph/tray/cli"
	"heliograph/tray/console"
)

func main() {
	console.Attach()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
