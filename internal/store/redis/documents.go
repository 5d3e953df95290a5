package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/errs"
	"crs/internal/store"
)

// A document is kept as "VERSION LENGTH NAMEBODY", LENGTH being that of the name.

// Put implements store.Documents.
func (s *Store) Put(ctx context.Context, d store.Doc) (int64, error) {
	text := encode(d, d.Version+1)
	v, err := s.run(ctx, s.scripts.put, s.docKeys(d.Kind), s.id, string(d.Kind), d.ID, d.Version, d.Name, text)
	if err == nil {
		switch v := v.(type) {
		case string:
			return d.Version + 1, nil
		case int64:
			err = &store.Conflict{Kind: d.Kind, ID: d.ID, Want: d.Version, Got: v}
		case []any:
			err = &store.Taken{Kind: d.Kind, Name: d.Name, ID: fmt.Sprint(v...)}
		default:
			err = fmt.Errorf("the script answered %v", v)
		}
	}
	return 0, store.WriteError(err, "write %s %s", d.Kind, d.ID)
}

// Delete implements store.Documents.
func (s *Store) Delete(ctx context.Context, kind store.Kind, id string) error {
	_, err := s.run(ctx, s.scripts.delete, s.docKeys(kind), s.id, string(kind), id)
	return store.WriteError(err, "delete %s %s", kind, id)
}

func (s *Store) docKeys(kind store.Kind) []string {
	return []string{s.keys.store(docSlot), s.keys.docs(kind), s.keys.docNames(kind), s.keys.feed()}
}

// All implements store.Documents.
func (s *Store) All(ctx context.Context, kind store.Kind) ([]store.Doc, error) {
	found := map[string]store.Doc{} // a scan may give the same document twice
	var cursor uint64
	for {
		page, next, err := s.rdb.HScan(ctx, s.keys.docs(kind), cursor, "", pageSize).Result()
		if err != nil {
			return nil, fmt.Errorf("read every %s: %w", kind, s.plain(err))
		}
		for i := 0; i+1 < len(page); i += 2 {
			d, err := decode(kind, page[i], page[i+1])
			if err != nil {
				return nil, err
			}
			found[d.ID] = d
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	if err := s.present(ctx); err != nil {
		return nil, fmt.Errorf("read every %s: %w", kind, err)
	}
	return slices.SortedFunc(maps.Values(found), func(a, b store.Doc) int { return cmp.Compare(a.ID, b.ID) }), nil
}

// pageSize is how many documents are read at a time: enough to be quick, and not so many that Redis stands still.
const pageSize = 1000

// present is an error when the store is not there any more: nothing is no answer then.
func (s *Store) present(ctx context.Context) error {
	id, err := s.rdb.HGet(ctx, s.keys.store(docSlot), "id").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return s.plain(err)
	}
	if id != s.id {
		return s.lost()
	}
	return nil
}

func encode(d store.Doc, version int64) string {
	return fmt.Sprintf("%d %d %s%s", version, len(d.Name), d.Name, d.Body)
}

func decode(kind store.Kind, id, text string) (store.Doc, error) {
	version, rest, _ := strings.Cut(text, " ")
	length, rest, ok := strings.Cut(rest, " ")
	d := store.Doc{Kind: kind, ID: id}
	var err, err2 error
	d.Version, err = strconv.ParseInt(version, 10, 64)
	n, err2 := strconv.Atoi(length)
	if !ok || err != nil || err2 != nil || n < 0 || n > len(rest) {
		return d, fmt.Errorf("%w: %s %s is not what crs wrote", store.ErrDamaged, kind, id)
	}
	d.Name, d.Body = rest[:n], []byte(rest[n:])
	return d, nil
}

// SaveState implements store.State.
func (s *Store) SaveState(ctx context.Context, name string, body []byte) error {
	return errs.Wrap(s.write(ctx, stateSlot, command{"SET", s.keys.state(name), body, "EX", int64(90 * day / time.Second)}), "save the state %s", name)
}

// LoadState implements store.State.
func (s *Store) LoadState(ctx context.Context, name string) ([]byte, error) {
	body, err := s.rdb.Get(ctx, s.keys.state(name)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	return body, errs.Wrap(s.plain(err), "load the state %s", name)
}

// Claim implements store.Facts.
func (s *Store) Claim(ctx context.Context, name, value string) (string, error) {
	v, err := s.run(ctx, s.scripts.fact, []string{s.keys.store(docSlot)}, s.id, factPrefix+name, value)
	if err != nil {
		return "", fmt.Errorf("write %s of the store: %w", name, err)
	}
	return fmt.Sprint(v), nil
}

// Meta implements store.Facts.
func (s *Store) Meta(ctx context.Context, name string) (string, error) {
	v, err := s.rdb.HGet(ctx, s.keys.store(docSlot), factPrefix+name).Result()
	return v, errs.Wrap(s.plain(errs.Ignore(err, redis.Nil)), "read %s of the store", name)
}
