package redis

import (
	"context"
	"fmt"

	"crs/internal/usage"
)

// Correct implements usage.Rollups.
func (s *Store) Correct(ctx context.Context, all []usage.Correction) ([]bool, error) {
	keys, args := []string{s.keys.store(usageSlot), s.keys.charged()}, []any{s.id}
	for i := range all {
		c := &all[i]
		w, is := &c.Was, c.Is()
		cost, charged := c.More()
		field := rowField(w.Key, w.Account, w.Model)
		keys = append(keys, s.keys.hour(w.Hour), s.keys.day(w.Day))
		args = append(args, rowField(w.Day)+" "+field, field, w.Key, countsText(w), countsText(&is), countsText(&usage.Sum{Cost: cost, Charged: charged}), charged)
	}
	v, err := s.run(ctx, s.scripts.correct, keys, args...)
	var answer []int64
	if err == nil {
		answer, err = numbers(v, len(all))
	}
	if err != nil {
		return nil, fmt.Errorf("correct usage: %w", err)
	}
	done := make([]bool, len(all))
	for i := range done {
		done[i] = answer[i] == 1
	}
	return done, nil
}
