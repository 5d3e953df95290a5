package redis

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"crs/internal/audit"
	"crs/internal/store"
)

// The audit log is a sorted set of entries, "TIME JSON" by their places, TIME being in ms. The place of the last one and the bytes of all
// stand with the store, so that nothing here depends on the clocks of the nodes agreeing.

const (
	auditPlace = "audit_place"
	auditBytes = "audit_bytes"
)

// AppendAudit implements audit.Rows.
func (s *Store) AppendAudit(ctx context.Context, entries []audit.Entry, keep audit.Limits) error {
	args := []any{s.id, keep.Since.UnixMilli(), keep.Bytes}
	for i := range entries {
		text, err := auditText(&entries[i])
		if err != nil {
			return err
		}
		args = append(args, text)
	}
	_, err := s.run(ctx, s.scripts.audit, []string{s.keys.store(logSlot), s.keys.audit()}, args...)
	return store.WriteError(err, "write to the audit log")
}

func auditText(e *audit.Entry) (string, error) {
	body, err := json.Marshal(e)
	return strconv.FormatInt(e.Time.UnixMilli(), 10) + " " + string(body), err
}

// Audit implements audit.Rows.
func (s *Store) Audit(ctx context.Context, q audit.Query) (all []audit.Row, err error) {
	if q.After > 0 {
		all, err = s.auditBehind(ctx, q.After, q.Most())
	} else {
		all, err = s.auditNewest(ctx, q)
	}
	if err == nil && len(all) == 0 {
		err = s.present(ctx)
	}
	return all, err
}

func (s *Store) auditBehind(ctx context.Context, after int64, most int) ([]audit.Row, error) {
	return s.auditPage(s.rdb.ZRangeByScoreWithScores(ctx, s.keys.audit(), &redis.ZRangeBy{Min: behind(after), Max: "+inf", Count: int64(most)}))
}

func behind(place int64) string { return "(" + strconv.FormatInt(place, 10) }

// auditNewest goes backwards until there are enough, or all the others are too old.
func (s *Store) auditNewest(ctx context.Context, q audit.Query) (all []audit.Row, err error) {
	earliest := q.Since.Add(-apart)
	for from := "+inf"; ; {
		page, err := s.auditPage(s.rdb.ZRevRangeByScoreWithScores(ctx, s.keys.audit(), &redis.ZRangeBy{Min: "-inf", Max: from, Count: pageSize}))
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			if !r.Time.Before(q.Since) {
				all = append(all, r)
			}
		}
		if len(page) < pageSize || len(all) >= q.Most() || page[pageSize-1].Time.Before(earliest) {
			all = all[:min(len(all), q.Most())]
			slices.Reverse(all)
			return all, nil
		}
		from = behind(page[pageSize-1].Place)
	}
}

func (s *Store) auditPage(answer *redis.ZSliceCmd) ([]audit.Row, error) {
	found, err := answer.Result()
	if err != nil {
		return nil, s.plain(err)
	}
	page := make([]audit.Row, len(found))
	for i, z := range found {
		text := fmt.Sprint(z.Member)
		page[i].Place = int64(z.Score)
		_, body, _ := strings.Cut(text, " ")
		if err := json.Unmarshal([]byte(body), &page[i].Entry); err != nil {
			return nil, fmt.Errorf("%w: entry %d of the audit log: %w", store.ErrDamaged, page[i].Place, err)
		}
	}
	return page, nil
}

func (s *Store) exportAudit(ctx context.Context, yield func(store.Item) error) error {
	for after := int64(-1); ; {
		page, err := s.auditBehind(ctx, after, pageSize)
		if err != nil {
			return err
		}
		for i := range page {
			if err := yield(store.Item{Part: store.PartAudit, Row: &page[i]}); err != nil {
				return err
			}
			after = page[i].Place
		}
		if len(page) < pageSize {
			return nil
		}
	}
}

// insertAudit puts a row at its place. Rows are given in the order of their places.
func (s *Store) insertAudit(r *audit.Row) []command {
	text, _ := auditText(&r.Entry) // it was read from JSON
	return []command{
		{"ZADD", s.keys.audit(), r.Place, text}, {"HSET", s.keys.store(logSlot), auditPlace, r.Place}, {"HINCRBY", s.keys.store(logSlot), auditBytes, len(text)},
	}
}
