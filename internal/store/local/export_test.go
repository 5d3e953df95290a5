package local

import "context"

// Forgetful has the store keep no connection open that is not in use.
func (s *Store) Forgetful() {
	s.read.SetMaxIdleConns(-1)
}

// Full has the store's file grow no further, as on a full disk.
func (s *Store) Full(ctx context.Context) error {
	_, err := s.write.ExecContext(ctx, "PRAGMA max_page_count = 1")
	return err
}

// PlanOfHolder is how the database looks up who has a name.
func (s *Store) PlanOfHolder(ctx context.Context) (plan string, err error) {
	var n int
	err = s.read.QueryRowContext(ctx, "EXPLAIN QUERY PLAN "+holderOf, "key", "alice", "1").Scan(&n, &n, &n, &plan)
	return plan, err
}

// Overflow leaves the rows as versions did that added without a bound: what is beyond an INTEGER is a REAL.
func (s *Store) Overflow(ctx context.Context) error {
	for _, change := range []string{
		"UPDATE charged SET total = 9223372036854775807 + 9223372036854775807",
		"UPDATE usage_day SET cost = 3e19, charged = 9223372036854775807 + 9223372036854775807",
		"UPDATE usage_hour SET input = 3e19, charged = 9223372036854775807 + 9223372036854775807",
	} {
		if _, err := s.write.ExecContext(ctx, change); err != nil {
			return err
		}
	}
	return nil
}

// Interrupted writes, and has something happen between the look at the files and the write.
func (s *Store) Interrupted(ctx context.Context, by func() error) error {
	return s.writing(ctx, func() error {
		if err := by(); err != nil {
			return err
		}
		_, err := s.write.ExecContext(ctx, "INSERT INTO state (name, body) VALUES ('interrupted', randomblob(40000))")
		return err
	})
}
