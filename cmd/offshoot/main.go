// Offshoot is a portal in which a business runs its sub-accounts. One program is the whole of it: the portal, the workers
// behind it, and for a first look a demo world and a database of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute runs one command and returns the exit status: 0, or 1 when it could not do what it was asked for; a command may have
// others.
func execute(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	status := 1
	var of exit
	if errors.As(err, &of) {
		status, err = of.status, of.error
	}
	switch {
	case ctx.Err() != nil: // whatever broke off because of it
		fmt.Fprintln(errs, "offshoot: stopped before it was ready")
	default:
		fmt.Fprintln(errs, "offshoot: "+cleaned(explain(err)))
	}
	return status
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "offshoot",
		Short: "A portal in which a business runs its sub-accounts",
		Long: `Offshoot is a portal in which a business runs its sub-accounts.

To look around:    offshoot run
In production:     offshoot serve and offshoot work, any number of each, on one PostgreSQL

Every setting is an environment variable, and a flag of the same name. Secrets are better kept out of flags: other
people on the machine can read those.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	addSettings(root.PersistentFlags())
	root.AddCommand(runCommand(), serveCommand(), workCommand(), migrateCommand(), demoCommand(), userCommand(),
		keysCommand(), backupCommand(), restoreCommand(), verifyCommand())
	return root
}
