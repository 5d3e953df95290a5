package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"crs/ctl"
)

// filled is a data directory with many keys and accounts in it.
type filled struct {
	dir     string
	secrets []string // of some of the keys
}

// used is how many of the many keys requests are made with, and in how many conversations.
const used = 1000

// startCrowded starts a relay that has as many keys and accounts as the options say.
func (s *stage) startCrowded(ctx context.Context, sub *subject, dir string) error {
	if s.full == nil {
		full, err := s.fill(ctx)
		if err != nil {
			return fmt.Errorf("fill a relay with %d keys and %d accounts: %w", s.opt.keys, s.opt.accounts, err)
		}
		s.full = full
	}
	data := filepath.Join(dir, "data")
	if err := copyPrivate(data, s.full.dir); err != nil {
		return fmt.Errorf("copy a filled relay: %w", err)
	}
	control, err := s.serve(ctx, sub, data)
	if err != nil {
		return err
	}
	control.Close()
	sub.credentials = s.full.secrets
	return nil
}

// fill has a relay make the keys and accounts itself, over its socket. It does so in a directory in memory where there is
// one, because each of them is made durable on its own, and copies the directory to where the other relays have theirs.
func (s *stage) fill(ctx context.Context) (*filled, error) {
	quick := ""
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		quick = "/dev/shm"
	}
	dir, err := os.MkdirTemp(quick, "crsbench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	full := &filled{dir: filepath.Join(s.dir, "full")}
	var sub subject
	defer sub.end()
	control, err := s.serve(ctx, &sub, dir)
	if err != nil {
		return nil, err
	}
	defer control.Close()
	if err := s.populate(ctx, control, full); err != nil {
		return nil, sub.explain(err)
	}
	sub.end()
	return full, copyPrivate(full.dir, dir)
}

// copyPrivate copies a directory; nobody else may read the copy. A relay insists on that for its key file.
func copyPrivate(to, from string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	return filepath.WalkDir(to, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
}

// populate makes accounts and keys, several at a time: the relay takes the time, not the socket.
func (s *stage) populate(ctx context.Context, control *ctl.Client, full *filled) error {
	full.secrets = make([]string, min(used, s.opt.keys))
	g, ctx := errgroup.WithContext(ctx)
	const workers = 4
	for w := range workers {
		g.Go(func() error {
			for i := w; i < s.opt.accounts; i += workers {
				if err := s.addAccount(ctx, control, fmt.Sprintf("account-%04d", i)); err != nil {
					return err
				}
			}
			for i := w; i < s.opt.keys; i += workers {
				secret, err := addKey(ctx, control, fmt.Sprintf("key-%06d", i))
				if err != nil {
					return err
				}
				if i < len(full.secrets) {
					full.secrets[i] = secret
				}
			}
			return nil
		})
	}
	return g.Wait()
}
