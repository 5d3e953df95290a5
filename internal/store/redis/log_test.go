package redis_test

import (
	"fmt"
	"testing"
	"time"

	"crs/internal/store/redis"
	"crs/internal/usage"
	"crs/lab/redistest"
)

func TestTheLogGivesBackWhatWasAppended(t *testing.T) {
	t.Parallel()
	s := open(t, redis.Options{URL: redistest.Start(t).URL()})
	defer func() { _ = s.Close() }()
	at := time.Now().UTC()
	rec := func(i int) []byte {
		return fmt.Appendf(nil, `{"id":"req_%d","at":%q,"key":"k","service":"s","status":200}`, i, at.Add(time.Duration(i)*time.Second).Format(time.RFC3339Nano))
	}
	if err := s.Append(t.Context(), "n", [][]byte{rec(1), rec(2)}, usage.Cursor{}, usage.Cursor{Segment: 1, Offset: 10}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Search(t.Context(), usage.Filter{})
	if err != nil || len(got) != 2 || got[0].ID != "req_1" {
		t.Fatalf("%v, %v", got, err)
	}
}
