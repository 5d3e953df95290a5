package local

import (
	"context"
	"database/sql"
	"fmt"

	"crs/internal/usage"
)

// Correct implements usage.Rollups.
func (s *Store) Correct(ctx context.Context, all []usage.Correction) ([]bool, error) {
	done := make([]bool, len(all))
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		for i := range all {
			var err error
			if done[i], err = correct(ctx, tx, &all[i]); err != nil {
				return plain(err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("correct usage: %w", err)
	}
	return done, nil
}

// asItWas selects the row of an hour with the counts that it must have.
const asItWas = "hour = ? AND day = ? AND key = ? AND account = ? AND model = ? AND requests = ? AND input = ? AND output = ? AND " +
	"cache_read = ? AND cache_write = ? AND cache_write_1h = ? AND reasoning = ? AND cost = ? AND charged = ?"

func correct(ctx context.Context, tx *sql.Tx, c *usage.Correction) (bool, error) {
	w := &c.Was
	args := []any{c.Cost, c.Charged, w.Hour.Unix(), w.Day, w.Key, w.Account, w.Model}
	for _, n := range w.Counts() {
		args = append(args, *n)
	}
	changed, err := tx.ExecContext(ctx, "UPDATE usage_hour SET cost = ?, charged = ? WHERE "+asItWas, args...)
	if err != nil {
		return false, err
	}
	if n, err := changed.RowsAffected(); n == 0 || err != nil {
		return false, err
	}
	cost, charged := c.More()
	err = exec(ctx, tx, "UPDATE usage_day SET cost = "+moved("cost")+", charged = "+moved("charged")+" WHERE day = ? AND key = ? AND account = ? AND model = ?",
		cost, charged, w.Day, w.Key, w.Account, w.Model)
	if err != nil {
		return false, err
	}
	return true, exec(ctx, tx, "UPDATE charged SET total = "+moved("total")+" WHERE key = ?", charged, w.Key)
}

// moved is a column and some more, or less, but never below nothing.
func moved(column string) string { return "MAX(0, " + whole(column+" + ?") + ")" }
