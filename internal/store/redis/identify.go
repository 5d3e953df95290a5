package redis

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/internal/id"
	"crs/internal/store"
)

// schema is the version of what is in Redis. A crs that knows only an older one leaves it alone.
const schema = 1

// MarkerFile stands in the data directory of each node and remembers the store.
const MarkerFile = "redis-store.json"

// identity is what a slot holds of the store.
type identity struct {
	id      string
	schema  int
	whole   bool // every slot has the id
	changes int64
}

// identify finds out which store this is, and makes it when there has never been one. What looks damaged is looked at once
// more: another node may have made the store between two of the looks. It claims every slot before it calls any whole, so
// that the second time all of it is there.
func (s *Store) identify(ctx context.Context) error {
	marker, err := s.readMarker()
	if err != nil {
		return err
	}
	err = s.look(ctx, marker)
	if errors.Is(err, store.ErrDamaged) {
		err = s.look(ctx, marker)
	}
	return err
}

func (s *Store) look(ctx context.Context, marker *store.Marker) (err error) {
	have := map[string]identity{}
	for _, slot := range slots {
		if have[slot], err = s.identity(ctx, slot); err != nil {
			return err
		}
	}
	switch err := s.judge(have, marker); {
	case err != nil:
		return err
	case have[docSlot].whole:
		s.id, s.since = have[docSlot].id, have[docSlot].changes
	case s.opt.Peek:
		s.fresh = true
		return s.vacant(ctx)
	default:
		if err := s.create(ctx, have); err != nil {
			return err
		}
	}
	return s.writeMarker(marker)
}

func (s *Store) identity(ctx context.Context, slot string) (identity, error) {
	v, err := s.rdb.HGetAll(ctx, s.keys.store(slot)).Result()
	if err != nil {
		return identity{}, fmt.Errorf("read what store it is: %w", s.plain(err))
	}
	i := identity{id: v["id"], whole: v["whole"] != ""}
	i.schema, _ = strconv.Atoi(v["schema"])
	i.changes, _ = strconv.ParseInt(v["changes"], 10, 64)
	return i, nil
}

// judge says why what the slots hold must be left alone.
func (s *Store) judge(have map[string]identity, m *store.Marker) error {
	ids, whole := map[string]bool{}, false
	for _, i := range have {
		ids[i.id] = true
		whole = whole || i.whole
		if i.schema > schema {
			return fmt.Errorf("the store in Redis at %s was written by a newer crs (schema %d, this one knows %d); it was not touched; run that crs, or a newer one", s.at, i.schema, schema)
		}
	}
	anew := "to begin anew, stop every node and remove " + MarkerFile + " from each data directory"
	switch {
	case whole && len(ids) > 1:
		return fmt.Errorf("%w: a part of what Redis at %s held is gone (%s); restore its dump or append-only file", store.ErrDamaged, s.at, missing(have))
	case m != nil && !whole:
		return fmt.Errorf("%w: Redis at %s is empty, but this node knew a store there, made on %s; restore its dump or append-only file, "+
			"or check that the URL names the right server and database; %s", store.ErrDamaged, s.at, m.Created.Format("2006-01-02"), anew)
	case m != nil && m.Store != have[docSlot].id:
		return fmt.Errorf("%w: Redis at %s holds another installation than the one this node knew; check that the URL names the right server and database, "+
			"or remove %s to join this one", store.ErrDamaged, s.at, filepath.Join(s.opt.Dir, MarkerFile))
	}
	return nil
}

func missing(have map[string]identity) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(slots), func(slot string) bool { return have[slot].id != "" }), ", ")
}

// create makes the store. Two nodes may do so at once, and one may have died while it did: what was claimed first counts.
func (s *Store) create(ctx context.Context, have map[string]identity) error {
	mine := id.New("store", time.Now())
	if have[slots[0]].id == "" {
		if err := s.vacant(ctx); err != nil {
			return err
		}
	}
	for _, slot := range slots {
		v, err := s.run(ctx, s.scripts.claim, []string{s.keys.store(slot)}, mine, time.Now().UTC().Format(time.RFC3339), schema)
		if err != nil {
			return fmt.Errorf("make the store: %w", err)
		}
		mine = fmt.Sprint(v)
	}
	s.id, s.fresh = mine, true
	for _, slot := range slots {
		if err := s.write(ctx, slot, command{"HSET", s.keys.store(slot), "whole", 1}); err != nil {
			return fmt.Errorf("make the store: %w", err)
		}
	}
	return nil
}

func (s *Store) readMarker() (*store.Marker, error) {
	if s.opt.Dir == "" {
		return nil, nil
	}
	return store.ReadMarker(filepath.Join(s.opt.Dir, MarkerFile))
}

func (s *Store) writeMarker(m *store.Marker) error {
	if s.opt.Dir == "" || m != nil {
		return nil
	}
	return store.Marker{Store: s.id, Created: time.Now().UTC().Truncate(time.Second)}.Write(filepath.Join(s.opt.Dir, MarkerFile))
}
