package local

import "context"

// Full has the store's file grow no further, as on a full disk.
func (s *Store) Full(ctx context.Context) error {
	_, err := s.write.ExecContext(ctx, "PRAGMA max_page_count = 1")
	return err
}
