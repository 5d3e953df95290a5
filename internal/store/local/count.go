package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"crs/internal/store"
)

// A store counts its writes of documents and facts, in itself and in a file beside it. What was acknowledged is missing when
// it comes to less than the file says: its write-ahead log was cut or removed, or an older copy was put in its place.
const (
	countSuffix = "-count"
	countFact   = "writes"
)

// counter is the file with the number. It has a fixed length: a full disk takes it too.
type counter struct {
	file *os.File
	told atomic.Int64 // what was acknowledged
}

// openCounter gives the number as well; known is false where there is none yet.
func openCounter(path string) (c *counter, n int64, known bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, false, fmt.Errorf("open the count of the store's writes: %w", err)
	}
	if n, known, err = readCount(f); err != nil {
		return nil, 0, false, errors.Join(err, f.Close())
	}
	return &counter{file: f}, n, known, nil
}

// toldWrites is the number in the file beside the store at path.
func toldWrites(path string) (n int64, known bool, err error) {
	f, err := os.Open(path + countSuffix)
	if errors.Is(err, os.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("open the count of the store's writes: %w", err)
	}
	defer func() { _ = f.Close() }()
	return readCount(f)
}

func readCount(f *os.File) (n int64, known bool, err error) {
	text, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil {
		return 0, false, fmt.Errorf("read the count of the store's writes: %w", err)
	}
	n, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil, nil
}

// set leaves out errors: the write itself is durable, and a number that is too small finds less, but nothing wrong.
func (c *counter) set(n int64) {
	c.told.Store(n)
	_, _ = c.file.WriteAt(fmt.Appendf(nil, "%020d\n", n), 0)
}

// settleCount compares the two numbers. The file is read first: another process may be writing.
func (s *Store) settleCount(ctx context.Context) error {
	path := s.path() + countSuffix
	c, told, known, err := openCounter(path)
	if err != nil {
		return err
	}
	s.count = c
	have, err := s.writes(ctx)
	if err != nil {
		return err
	}
	if known && told > have {
		return fmt.Errorf("%w; %s, or remove %s to go on with what is there", lacking(s.path(), told, have), wayBack(s.path()), path)
	}
	if !known || told < have {
		c.set(have)
	}
	c.told.Store(have)
	return nil
}

func lacking(path string, told, have int64) error {
	return fmt.Errorf("%w: of %d changes to keys, accounts and settings that were acknowledged, %s has %d: its write-ahead log (%s-wal) was cut or "+
		"removed, or an older copy was put in its place", store.ErrDamaged, told, path, have, path)
}

func (s *Store) writes(ctx context.Context) (int64, error) {
	text, err := s.Meta(ctx, countFact)
	if err != nil {
		return 0, err
	}
	return parseCount(text)
}

func parseCount(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: the store's count of writes is %q", store.ErrDamaged, text)
	}
	return n, nil
}

// counted runs f in a transaction that is counted: what it writes is acknowledged, and must be there after every start.
func (s *Store) counted(ctx context.Context, f func(*sql.Tx) error) error {
	var n int64
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return plain(tx.QueryRowContext(ctx, `INSERT INTO meta (name, value) VALUES (?, '1')
			ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1 RETURNING value`, countFact).Scan(&n))
	})
	if err == nil && s.count != nil { // nil while the store is prepared
		s.count.set(n)
	}
	return err
}
