package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"offshoot/services/secrets"
	"offshoot/services/store"
)

// keyFile is where the keys are that offshoot run makes for itself, where OFFSHOOT_SECRET_KEYS names none.
func (c config) keyFile() string { return filepath.Join(c.Data, "secret.keys") }

// keysInFile returns the text of the keys to work with: those that are set, else those in the data folder, which are made
// there if there are none. A file that cannot be read is never replaced: what it holds may be all that opens the database.
func (c config) keysInFile() (string, error) {
	if c.SecretKeys != "" {
		return c.SecretKeys, nil
	}
	text, err := c.readKeyFile()
	if !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	keys, err := secrets.Generate()
	if err != nil {
		return "", err
	}
	if text, err = keys.Text(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(c.Data, 0o711); err != nil {
		return "", fmt.Errorf("the data folder: %w", err)
	}
	made, err := writtenBeside(c.keyFile(), text+"\n")
	if err != nil {
		return "", err
	}
	defer os.Remove(made)
	// A link is refused where another program was first, and then its keys are the ones.
	if err := os.Link(made, c.keyFile()); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("the keys of the secrets: %w", err)
	}
	return c.readKeyFile()
}

func (c config) readKeyFile() (string, error) {
	raw, err := os.ReadFile(c.keyFile())
	if err != nil {
		return "", fmt.Errorf("the keys of the secrets: %w", err)
	}
	text := strings.TrimSpace(string(raw))
	if _, err := secrets.Parse(text); err != nil {
		return "", fmt.Errorf("%s: %w", c.keyFile(), err)
	}
	return text, nil
}

// writtenBeside writes a file that only its owner may read into the folder of path, to be moved there.
func writtenBeside(path, text string) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // with mode 0600
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		_ = os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}

// giveKeys lets a store seal and open, where keys are set.
func (c config) giveKeys(st *store.Store) error {
	if c.SecretKeys == "" {
		return nil
	}
	keys, err := secrets.Parse(c.SecretKeys)
	if err != nil {
		return fmt.Errorf("OFFSHOOT_SECRET_KEYS: %w", err)
	}
	st.UseKeys(keys)
	return nil
}

// fitsKeys refuses keys that do not open what is sealed in the database: with them, people with a second factor could not
// sign in, and new secrets would be sealed under keys that nobody else has.
func fitsKeys(ctx context.Context, st *store.Store) error {
	needed, err := st.KeysNeeded(ctx)
	if err != nil {
		return err
	}
	var missing []string
	for id, values := range needed {
		if !st.Keys().Has(id) {
			missing = append(missing, fmt.Sprintf("%s (%d values)", id, values))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fmt.Errorf("%w, sealed under %s: the set that OFFSHOOT_SECRET_KEYS holds is not the one of this installation, or lost a key too "+
		"early. Where those keys are gone for good, offshoot keys abandon gives the secrets up", errKeysDoNotFit, strings.Join(missing, ", "))
}

var errKeysDoNotFit = errors.New("the database holds secrets that these keys do not open")
