package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/identity"
)

func userCommand() *cobra.Command {
	user := &cobra.Command{Use: "user", Short: "Add people who run this installation, and let them in again"}
	user.AddCommand(addStaffCommand(), forgetSecondFactorCommand())
	return user
}

func forgetSecondFactorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "forget-second-factor <e-mail>",
		Short: "Let somebody sign in without their authenticator app",
		Long: `Forget-second-factor is for a person who has lost their authenticator app and their recovery codes, where nobody can
reset it in the portal: the last Admin of staff. They are signed out everywhere, a mail tells them, and their password
alone lets them in until they set an app up again.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
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
			h, err := openHouse(cmd.Context(), c, db.dsn, false)
			if err != nil {
				return err
			}
			defer h.close()
			if err := h.people.ForgetSecondFactor(cmd.Context(), args[0]); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s signs in without an authenticator app now.\n", args[0])
			return nil
		},
	}
}

// staffOrder is what add-staff is told.
type staffOrder struct {
	accounts.Details
	currency string
}

// zone is the time zone that was asked for; without the flag a colleague has that of the operator.
func (o staffOrder) zone(cmd *cobra.Command) string {
	if !cmd.Flags().Changed("time-zone") {
		return ""
	}
	return o.TimeZone
}

// fieldFlags are the flags behind the fields that a refusal names.
var fieldFlags = map[string]string{"account_name": "--operator", "contact_name": "--full-name", "name": "--full-name", "email": "--email",
	"mobile": "--mobile", "country": "--country", "time_zone": "--time-zone", "currency": "--currency"}

func addStaffCommand() *cobra.Command {
	var order staffOrder
	cmd := &cobra.Command{
		Use:   "add-staff",
		Short: "Make the operator and its first staff Admin, or add one more",
		Long: `Add-staff makes the operator, who runs this installation, and the first of its staff: an Admin, who supports every
account. Where there is an operator already it adds one more Admin, and asks for name, e-mail and time zone only.

The password is asked for, or read from the first line of the standard input; it is never an argument.`,
		Example: `  offshoot user add-staff --operator "Acme Messaging" --full-name "Sam Rivera" --email sam@acme.example \
      --mobile "0151 23456789" --country DE --time-zone Europe/Berlin --currency EUR`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if err := c.check(); err != nil {
				return err
			}
			return addStaff(cmd, c, order, newLog(cmd.ErrOrStderr(), slog.LevelWarn))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&order.AccountName, "operator", "", "name of who runs this installation (default: the installation's name)")
	flags.StringVar(&order.ContactName, "full-name", "", "name of the person")
	flags.StringVar(&order.Email, "email", "", "e-mail the person signs in with")
	flags.StringVar(&order.Mobile, "mobile", "", "mobile number")
	flags.StringVar(&order.Country, "country", "", "country, such as DE")
	flags.StringVar(&order.TimeZone, "time-zone", "UTC", "time zone, such as Europe/Berlin")
	flags.StringVar(&order.currency, "currency", "EUR", "currency, such as EUR")
	return cmd
}

func addStaff(cmd *cobra.Command, c config, order staffOrder, log *slog.Logger) error {
	if order.AccountName == "" {
		order.AccountName = c.Name
	}
	if !models.IsCurrency(order.currency) {
		return models.ErrCheckFields.At("currency", "Use the ISO 4217 code of a currency, such as EUR.")
	}
	password, err := readPassword(cmd.Context(), cmd.InOrStdin(), cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	db, err := openDatabase(cmd.Context(), c, log)
	if err != nil {
		return err
	}
	defer db.close(log)
	h, err := openHouse(cmd.Context(), c, db.dsn, false)
	if err != nil {
		return err
	}
	defer h.close()
	colleague, err := h.people.AddStaff(cmd.Context(), identity.StaffOrder{Name: order.ContactName, Email: order.Email, TimeZone: order.zone(cmd), Password: password})
	if err == nil {
		fmt.Fprintf(cmd.OutOrStdout(), "%s is one more staff Admin of this installation.\n", colleague.Email)
	}
	if !errors.Is(err, identity.ErrNoSuchAccount) {
		return err
	}
	operator, err := h.accounts.Install(cmd.Context(), order.Details, order.currency, password)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s runs this installation, and %s is its first staff Admin.\n", operator.Name, operator.Email)
	return nil
}

// readPassword asks for a password twice where a person sits, and elsewhere takes the first line.
func readPassword(ctx context.Context, in io.Reader, ask io.Writer) (string, error) {
	if !isTerminal(in) {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	password, err := readHidden(ctx, in.(*os.File), ask, "Password: ")
	if err != nil {
		return "", err
	}
	again, err := readHidden(ctx, in.(*os.File), ask, "Once more: ")
	if err == nil && again != password {
		err = errors.New("the two passwords are not the same")
	}
	return password, err
}

// readHidden reads a line that is not shown. An interrupt leaves the terminal as it was.
func readHidden(ctx context.Context, in *os.File, ask io.Writer, prompt string) (string, error) {
	before, err := term.GetState(int(in.Fd()))
	if err != nil {
		return "", err
	}
	defer context.AfterFunc(ctx, func() {
		_ = term.Restore(int(in.Fd()), before)
		os.Exit(1)
	})()
	fmt.Fprint(ask, prompt)
	text, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(ask)
	return string(text), err
}
