package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"offshoot/services/secrets"
	"offshoot/services/store"
)

func keysCommand() *cobra.Command {
	keys := &cobra.Command{
		Use:   "keys",
		Short: "Make and exchange the keys that secrets are sealed with",
		Long: `Keys makes and exchanges the keys that secrets are sealed with in the database: mails with a password on their way, and
second factors. To exchange them while the portal serves, in this order:

  offshoot keys add        gives the set one more key, which opens and does not seal yet. Give this set to every process
  offshoot keys rotate     makes the new key seal, and seals anew what is in the database. Give this set to every process
  offshoot keys rotate     once more: seals anew what older processes have sealed in between
  offshoot keys drop-old   drops the old keys, when nothing is sealed under them any more. Give this set to every process

A set is printed on the standard output, to be put into OFFSHOOT_SECRET_KEYS. Where that is not set, the set is the one that
offshoot run keeps in its data folder, and is replaced there; start run again afterwards.

Keep a copy of the set apart from the backups of the database: with both, everything can be read; without it, what is
sealed is lost.`,
	}
	keys.AddCommand(
		keyCommand("new", "Print a new set of keys, for a new installation", newKeys),
		keyCommand("add", "Give the set a new key, which does not seal yet", addKey),
		keyCommand("rotate", "Seal under the newest key, and seal anew what is sealed under others", rotateKeys),
		keyCommand("drop-old", "Drop the keys that nothing is sealed under any more", dropOldKeys),
		keyCommand("abandon", "Give up the secrets whose keys are gone for good", abandonSecrets),
	)
	return keys
}

// keyring is what a command of keys works with.
type keyring struct {
	config
	keys *secrets.Keys // those in use; nil for new
	out  io.Writer     // a set alone
	say  io.Writer
	log  *slog.Logger
}

func keyCommand(name, short string, work func(context.Context, *keyring) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if err := c.check(); err != nil {
				return err
			}
			ring := &keyring{config: c, out: cmd.OutOrStdout(), say: cmd.ErrOrStderr(), log: newLog(cmd.ErrOrStderr(), slog.LevelWarn)}
			if name != "new" {
				if err := ring.read(); err != nil {
					return err
				}
			}
			return work(cmd.Context(), ring)
		},
	}
}

func (r *keyring) read() (err error) {
	text := r.SecretKeys
	if text == "" {
		if text, err = r.readKeyFile(); err != nil {
			return fmt.Errorf("OFFSHOOT_SECRET_KEYS is not set, and %w", err)
		}
	}
	r.keys, err = secrets.Parse(text)
	return err
}

// keep prints a set, or puts it where offshoot run finds it.
func (r *keyring) keep(keys *secrets.Keys) error {
	text, err := keys.Text()
	if err != nil {
		return err
	}
	if r.SecretKeys != "" {
		_, err = fmt.Fprintln(r.out, text)
		return err
	}
	made, err := writtenBeside(r.keyFile(), text+"\n")
	if err != nil {
		return err
	}
	if err := os.Rename(made, r.keyFile()); err != nil {
		_ = os.Remove(made)
		return err
	}
	fmt.Fprintf(r.say, "The set is in %s.\n", r.keyFile())
	return nil
}

// sealed runs work on the store of the database, with the keys of a set.
func (r *keyring) sealed(ctx context.Context, keys *secrets.Keys, work func(*store.Store) error) error {
	db, err := openDatabase(ctx, r.config, r.log)
	if err != nil {
		return err
	}
	defer db.close(r.log)
	st, err := store.Open(ctx, pooled(db.dsn), nil)
	if err != nil {
		return err
	}
	defer st.Close()
	st.UseKeys(keys)
	return work(st)
}

func newKeys(_ context.Context, r *keyring) error {
	keys, err := secrets.Generate()
	if err != nil {
		return err
	}
	text, err := keys.Text()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(r.out, text)
	return err
}

func addKey(_ context.Context, r *keyring) error {
	if ids := r.keys.IDs(); ids[len(ids)-1] != r.keys.Fingerprint() {
		return errors.New("the set has a key already that does not seal yet: go on with offshoot keys rotate, once every process has this set")
	}
	more, err := r.keys.Add()
	if err != nil {
		return err
	}
	fmt.Fprintf(r.say, "%s as before. Give this set to every process, then run offshoot keys rotate with it.\n", more)
	return r.keep(more)
}

// rotateKeys seals anew first and prints afterwards: who stops it in between has lost nothing and runs it again.
func rotateKeys(ctx context.Context, r *keyring) error {
	keys, err := r.keys.Promote()
	if errors.Is(err, secrets.ErrNoNext) {
		if keys, err = r.keys, nil; len(keys.IDs()) == 1 {
			return errors.New("the set has one key only: offshoot keys add gives it another, which every process must know before it seals")
		}
	}
	if err != nil {
		return err
	}
	err = r.sealed(ctx, keys, func(st *store.Store) error {
		done, unreadable, err := st.Reseal(ctx)
		fmt.Fprintf(r.say, "%d secrets were sealed anew under %s.\n", done, keys.Fingerprint())
		if unreadable > 0 {
			fmt.Fprintf(r.say, "%d secrets are sealed under keys that are not in the set, and stay as they are.\n", unreadable)
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.keep(keys)
}

func dropOldKeys(ctx context.Context, r *keyring) error {
	if len(r.keys.IDs()) == 1 {
		return errors.New("the set has one key only: there is nothing to drop")
	}
	if ids := r.keys.IDs(); ids[len(ids)-1] != r.keys.Fingerprint() {
		return errors.New("the newest key of the set does not seal yet: run offshoot keys rotate first")
	}
	keys, err := r.keys.DropOld()
	if err != nil {
		return err
	}
	err = r.sealed(ctx, keys, func(st *store.Store) error {
		needed, err := st.KeysNeeded(ctx)
		for id, values := range needed {
			if id != keys.Fingerprint() && r.keys.Has(id) {
				return fmt.Errorf("%d secrets still need the key %s: give the set that seals under %s to every process, and run offshoot keys rotate again",
					values, id, keys.Fingerprint())
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.keep(keys)
}

func abandonSecrets(ctx context.Context, r *keyring) error {
	return r.sealed(ctx, r.keys, func(st *store.Store) error {
		gone, err := st.GiveUp(ctx)
		fmt.Fprintf(r.say, "%d secrets were given up. Messages among them count as failed; people whose second factor was among them set up a new one.\n", gone)
		return err
	})
}
