package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	feed "vouch.example/feed"
)

// checkpoint is a file with the cursor of the last record printed; without a path it keeps nothing.
type checkpoint struct{ path string }

// load reads the file; no position if there is none yet. A file with anything else in it is a *usageError.
func (c checkpoint) load() (feed.Position, error) {
	if c.path == "" {
		return feed.Position{}, nil
	}
	text, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return feed.Position{}, nil
	}
	if err != nil {
		return feed.Position{}, &usageError{fmt.Sprintf("the checkpoint cannot be read: %v", err)}
	}
	at, err := feed.ParseCursor(strings.TrimSpace(string(text)))
	if err != nil {
		return feed.Position{}, &usageError{fmt.Sprintf("the checkpoint %s: %v", c.path, err)}
	}
	return at, nil
}

// store replaces the file as a whole: a process that is killed leaves the old cursor or the new one. It does not wait
// for the disk, since an older cursor only prints a record again.
func (c checkpoint) store(at feed.Position) error {
	if c.path == "" {
		return nil
	}
	// Beside the file, since a rename does not cross file systems.
	beside := filepath.Join(filepath.Dir(c.path), "."+filepath.Base(c.path)+".new")
	if err := os.WriteFile(beside, []byte(at.String()+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(beside, c.path)
}
