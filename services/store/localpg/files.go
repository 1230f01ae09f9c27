package localpg

import (
	"errors"
	"os"
)

// appendTo and replaceIn stay inside dir whatever links are in it: the server's account owns it, and we may be root.
func appendTo(dir, name, text string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// replaceIn makes text the whole content of the file, or leaves the file as it was.
func replaceIn(dir, name, text string, owner account) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	next := name + ".new"
	if err := root.RemoveAll(next); err != nil {
		return err
	}
	f, err := root.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if owner.foreign {
		err = errors.Join(err, f.Chown(owner.uid, owner.gid))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return root.Rename(next, name)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
