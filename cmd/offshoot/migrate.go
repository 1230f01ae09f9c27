package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
)

func migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to date",
		Long: `Migrate brings the schema of the database to where this program needs it, as the role that DATABASE_OWNER_URL
names, and gives the role of DATABASE_URL, as which the portal works, what it needs and no more. It makes that role when
there is none. The version before may go on serving meanwhile.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if err := c.check(); err != nil {
				return err
			}
			log := newLog(cmd.ErrOrStderr(), slog.LevelWarn)
			db, err := openDatabase(cmd.Context(), c, log)
			if err != nil {
				return err
			}
			defer db.close(log)
			fmt.Fprintf(cmd.OutOrStdout(), "The schema is up to date: %s.\n", db.where())
			return nil
		},
	}
}
