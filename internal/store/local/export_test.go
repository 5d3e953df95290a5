package local

import "context"

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
