package usage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/internal/id"
	"crs/internal/store/local"
	"crs/internal/usage"
)

// place is where a ledger lives, with the store that adds it up.
type place struct {
	dir   string
	store *local.Store
}

func newPlace(t *testing.T) place {
	t.Helper()
	dir := t.TempDir()
	s, err := local.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return place{filepath.Join(dir, "ledger"), s}
}

func (p place) options() usage.LedgerOptions {
	return usage.LedgerOptions{
		Dir: p.dir, Node: "n", Rollups: p.store, Zone: time.UTC, Now: time.Now,
		Commit: time.Millisecond, AddUp: time.Hour,
	}
}

func (p place) open(t *testing.T, change ...func(*usage.LedgerOptions)) (*usage.Ledger, usage.Recovery) {
	t.Helper()
	opt := p.options()
	for _, c := range change {
		c(&opt)
	}
	l, found, err := usage.OpenLedger(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Shutdown(context.Background()) }) // also of one whose process is said to be gone
	return l, found
}

func shut(t *testing.T, l *usage.Ledger) {
	t.Helper()
	if err := l.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func record(n int) *usage.Record {
	at := time.Now().UTC()
	return &usage.Record{
		ID: id.New("req", at), At: at, Key: fmt.Sprintf("key_%d", n%3), Account: "acc", Service: "anthropic/messages", Model: "m",
		Status: 200, Total: time.Millisecond, Source: usage.Upstream, Tokens: usage.Tokens{Input: int64(n), Output: 1}, Cost: 10, Charged: 20,
	}
}

func serve(t *testing.T, l *usage.Ledger, r *usage.Record) {
	t.Helper()
	if err := l.Open(&usage.Record{ID: r.ID, At: r.At, Key: r.Key, Service: r.Service, Model: r.Model}); err != nil {
		t.Fatal(err)
	}
	l.Close(r)
}

func total(t *testing.T, p place) usage.Sum {
	t.Helper()
	rows, err := p.store.Usage(t.Context(), usage.Query{})
	if err != nil || len(rows) > 1 {
		t.Fatal(rows, err)
	}
	if len(rows) == 0 {
		return usage.Sum{}
	}
	return rows[0]
}

func TestWhatWasClosedIsCountedOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	l, found := p.open(t)
	if !reflect.DeepEqual(found, usage.Recovery{}) {
		t.Errorf("a new ledger found %+v", found)
	}
	for i := range 10 {
		serve(t, l, record(i))
	}
	free := record(1)
	free.Free = true
	serve(t, l, free)
	l.Close(&usage.Record{ID: id.New("req", time.Now()), At: time.Now(), Key: "key_1", Status: 429, Error: "refused"})
	shut(t, l)
	want := usage.Sum{Requests: 10, Tokens: usage.Tokens{Input: 45, Output: 10}, Cost: 100, Charged: 200}
	if got := total(t, p); got != want {
		t.Errorf("got %+v", got)
	}
	for range 2 {
		l, found = p.open(t)
		if !reflect.DeepEqual(found, usage.Recovery{}) {
			t.Errorf("after a clean end there was %+v to recover", found)
		}
		shut(t, l)
	}
	if got := total(t, p); got != want {
		t.Errorf("after two restarts: %+v", got)
	}
}

func TestAKilledProcessLosesNothingThatWasCommitted(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	l, _ := p.open(t)
	for i := range 5 {
		serve(t, l, record(i))
	}
	if err := l.Flush(t.Context()); err != nil { // these five are in the roll-ups
		t.Fatal(err)
	}
	var open []*usage.Record
	for i := range 7 {
		r := record(i)
		if i%2 == 0 {
			open = append(open, r)
			_ = l.Open(&usage.Record{ID: r.ID, At: r.At, Key: r.Key, Service: r.Service, Model: r.Model})
			continue
		}
		serve(t, l, r)
	}
	if err := l.Commit(); err != nil {
		t.Fatal(err)
	}
	// The process is gone: nobody shuts the ledger.
	next, found := p.open(t)
	defer shut(t, next)
	if found.Interrupted != len(open) || found.Counted != 3 || found.Damaged != 0 || found.CutBytes != 0 {
		t.Errorf("found %+v", found)
	}
	if got := total(t, p); got.Requests != 5+3+int64(len(open)) {
		t.Errorf("%d requests counted", got.Requests)
	}
	for _, r := range open {
		got, err := next.Find(t.Context(), r.ID)
		if err != nil || got == nil || got.Source != usage.Partial || got.Status != 0 || got.Key != r.Key || !strings.Contains(got.Error, "the daemon ended") {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// TestWhereverAWriteWasCutNothingWholeIsLost cuts the file at every byte of its last few lines.
func TestWhereverAWriteWasCutNothingWholeIsLost(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	l, _ := p.open(t)
	for i := range 3 {
		serve(t, l, record(i))
	}
	if err := l.Commit(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(p.dir, "00000001.log"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	first := len(lines[0])
	for cut := len(whole); cut >= first; cut -= 7 {
		at := newPlace(t)
		if err := os.MkdirAll(at.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(at.dir, "00000001.log"), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		opens, closes := 0, 0
		for rest := whole[first:cut]; ; {
			line, after, ok := bytes.Cut(rest, []byte("\n"))
			if !ok {
				break
			}
			if line[9] == 'o' {
				opens++
			} else {
				closes++
			}
			rest = after
		}
		again, found := at.open(t)
		shut(t, again)
		torn := int64(cut - 1 - bytes.LastIndexByte(whole[:cut], '\n'))
		if found.Counted != closes || found.Interrupted != opens-closes || found.Damaged != 0 || found.CutBytes != torn {
			t.Fatalf("cut at %d of %d: found %+v, want %d closed, %d open, %d torn", cut, len(whole), found, closes, opens-closes, torn)
		}
		if got := total(t, at); got.Requests != int64(opens) {
			t.Fatalf("cut at %d: %d requests counted of %d", cut, got.Requests, opens)
		}
		if saved, _ := os.ReadFile(found.SavedTo); torn > 0 && !bytes.Equal(saved, whole[cut-int(torn):cut]) {
			t.Fatalf("cut at %d: the torn end was not kept", cut)
		}
	}
}

func TestADamagedLineIsPassedOverAndTold(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	l, _ := p.open(t)
	for i := range 4 {
		l.Close(record(i))
	}
	if err := l.Commit(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(p.dir, "00000001.log")
	b, _ := os.ReadFile(path)
	lines := bytes.SplitAfter(b, []byte("\n"))
	lines[2][40] ^= 1
	if err := os.WriteFile(path, bytes.Join(lines, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	next, found := p.open(t)
	defer shut(t, next)
	if found.Damaged != 1 || found.Counted != 3 {
		t.Errorf("found %+v", found)
	}
}

func TestFilesThatWereLostDoNotMakeNewUsageVanish(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(path string) error{
		"removed": os.Remove, "cut down": func(path string) error { return os.Truncate(path, 10) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			l, _ := p.open(t)
			for i := range 10 {
				serve(t, l, record(i))
			}
			shut(t, l)
			if err := lose(filepath.Join(p.dir, "00000001.log")); err != nil {
				t.Fatal(err)
			}
			l, _ = p.open(t)
			serve(t, l, record(1))
			shut(t, l)
			if got := total(t, p); got.Requests != 11 {
				t.Errorf("%d requests counted", got.Requests)
			}
		})
	}
}

func TestSegmentsTurnOverAndOldOnesGoButNoneThatIsNeeded(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	small := func(o *usage.LedgerOptions) { o.SegmentBytes, o.MaxBytes = 4<<10, 12<<10 }
	l, _ := p.open(t, small)
	long := record(0)
	if err := l.Open(&usage.Record{ID: long.ID, At: long.At, Key: long.Key}); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		serve(t, l, record(i))
		if i%5 == 0 {
			if err := l.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(files(t, p)); n < 10 {
		t.Errorf("%d segments while the first has an open request", n)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "00000001.log")); err != nil {
		t.Error(err)
	}
	l.Close(long)
	for i := range 40 {
		serve(t, l, record(i))
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(files(t, p)); n > 5 {
		t.Errorf("%d segments of 4 KiB are left of at most 12 KiB", n)
	}
	shut(t, l)
	if got := total(t, p); got.Requests != 241 {
		t.Errorf("%d requests counted", got.Requests)
	}
}

func files(t *testing.T, p place) []os.DirEntry {
	t.Helper()
	all, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestARequestOpenOverManySegmentsIsRecovered(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	small := func(o *usage.LedgerOptions) { o.SegmentBytes = 2 << 10 }
	l, _ := p.open(t, small)
	long := record(0)
	if err := l.Open(&usage.Record{ID: long.ID, At: long.At, Key: long.Key}); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		serve(t, l, record(i))
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	next, found := p.open(t, small)
	defer shut(t, next)
	if found.Interrupted != 1 || found.Counted != 0 {
		t.Errorf("found %+v", found)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.SegmentBytes = 2 << 10 })
	defer func() { shut(t, l) }()
	start := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	var ids []string
	for i := range 60 {
		r := record(i)
		r.At = start.Add(time.Duration(i) * time.Minute)
		r.Status = []int{200, 429, 404}[i%3]
		r.Account = fmt.Sprint("acc_", i%2)
		ids = append(ids, r.ID)
		serve(t, l, r)
		if i%7 == 0 {
			_ = l.Flush(t.Context())
		}
	}
	numbers := func(f usage.Filter) (all []int64) {
		t.Helper()
		found, err := l.Search(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found {
			all = append(all, r.Tokens.Input)
		}
		return all
	}
	for name, c := range map[string]struct {
		f    usage.Filter
		want []int64
	}{
		"the newest, oldest first": {usage.Filter{Limit: 3}, []int64{57, 58, 59}},
		"of one key":               {usage.Filter{Limit: 2, Key: "key_1"}, []int64{55, 58}},
		"of one account":           {usage.Filter{Limit: 2, Account: "acc_0"}, []int64{56, 58}},
		"by status":                {usage.Filter{Limit: 2, Status: 429}, []int64{55, 58}},
		"by class":                 {usage.Filter{Limit: 3, Status: 4}, []int64{56, 58, 59}},
		"in a time":                {usage.Filter{Since: start.Add(10*time.Minute + time.Millisecond), Until: start.Add(13*time.Minute + time.Millisecond)}, []int64{10, 11, 12}},
		"nothing":                  {usage.Filter{Key: "key_9"}, nil},
	} {
		if got := numbers(c.f); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	for _, n := range []int{0, 30, 59} {
		if r, err := l.Find(t.Context(), ids[n]); err != nil || r == nil || r.Tokens.Input != int64(n) {
			t.Errorf("record %d: %+v, %v", n, r, err)
		}
	}
	for _, ref := range []string{"", "nonsense", id.New("req", time.Now())} {
		if r, err := l.Find(t.Context(), ref); r != nil || err != nil {
			t.Errorf("%q: %+v, %v", ref, r, err)
		}
	}
}

// failing is a store that fails while it is told to.
type failing struct {
	usage.Rollups
	mu  sync.Mutex
	err error
}

func (f *failing) AddUp(ctx context.Context, node string, sums []usage.Sum, from, to usage.Cursor) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	return f.Rollups.AddUp(ctx, node, sums, from, to)
}

func (f *failing) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func TestAStoreThatIsAwayForAWhileCostsNothing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := &failing{Rollups: p.store}
	var told []error
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.Rollups, o.Failed = s, func(err error) { told = append(told, err) } })
	away := errors.New("away")
	s.fail(away)
	for i := range 5 {
		serve(t, l, record(i))
		if err := l.Flush(t.Context()); !errors.Is(err, away) {
			t.Fatal(err)
		}
	}
	s.fail(nil)
	shut(t, l)
	if got := total(t, p); got.Requests != 5 {
		t.Errorf("%d requests counted", got.Requests)
	}
	if len(told) != 2 || told[0] == nil || told[1] != nil {
		t.Errorf("told %v", told)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.SegmentBytes, o.AddUp = 64<<10, 3*time.Millisecond })
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 0))
			for range 250 {
				r := record(1)
				if err := l.Open(&usage.Record{ID: r.ID, At: r.At, Key: r.Key}); err != nil {
					t.Error(err)
				}
				if rnd.IntN(10) == 0 {
					time.Sleep(time.Millisecond)
				}
				l.Close(r)
			}
		})
	}
	wg.Wait()
	if open, err := l.Health(); open != 0 || err != nil {
		t.Errorf("%d open, %v", open, err)
	}
	shut(t, l)
	if err := l.Open(record(1)); !errors.Is(err, usage.ErrNotWritable) {
		t.Errorf("after the end: %v", err)
	}
	if got := total(t, p); got.Requests != 2000 || got.Tokens.Input != 2000 {
		t.Errorf("%+v", got)
	}
}

func TestARecordReadsAsItWasWritten(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	l, _ := p.open(t)
	defer func() { shut(t, l) }()
	r := record(3)
	r.KeyName, r.AccountName, r.Platform, r.Upstream, r.Client = "naïve \"quoted\"", "line\nbreak", "claude", "x\\y", "<claude-code>"
	r.Stream, r.Free, r.Unpriced = true, true, true
	r.Images, r.Searches = 8, 9
	r.Items = []usage.Item{{Kind: usage.ImageOutput, Amount: 7, Model: "m<2>", Prompt: 8, Tier: "fast", Region: "us"}, {Kind: usage.Session, Amount: 1}}
	r.Answered, r.PricedAs, r.TierAsked, r.Tier, r.Region, r.Unbilled, r.Doubt = "m-3", "m-2", "auto", "flex", "eu", true, "it was \"cut\""
	r.FirstByte, r.Error, r.Prices, r.Why = 5, "error & more", "v1", "first in rank"
	r.Tokens = usage.Tokens{Input: 1, Output: 2, CacheRead: 3, CacheWrite: 4, CacheWrite1h: 5, Reasoning: 6}
	r.Raw = json.RawMessage(`{"input_tokens":1}`)
	r.Attempts = []usage.Attempt{{Account: "a", Name: "b", Status: 529, Error: "overloaded", After: 7, Ambiguous: true}}
	r.Passed = []usage.Passed{{Account: "c", Name: "d", Reason: "cooling", Until: r.At, Detail: "e"}}
	for _, of := range []reflect.Value{reflect.ValueOf(*r), reflect.ValueOf(r.Tokens)} { // what is not set here, could be forgotten
		for i := range of.NumField() {
			if of.Field(i).IsZero() {
				t.Errorf("%s is not set", of.Type().Field(i).Name)
			}
		}
	}
	l.Close(r)
	if err := l.Commit(); err != nil {
		t.Fatal(err)
	}
	got, err := l.Find(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := json.Marshal(r)
	have, _ := json.Marshal(got)
	if !bytes.Equal(want, have) || !reflect.DeepEqual(r, got) {
		t.Errorf("wrote %s\nread  %s", want, have)
	}
}

func BenchmarkOpenClose(b *testing.B) {
	dir := b.TempDir()
	s, err := local.Open(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	l, _, err := usage.OpenLedger(b.Context(), usage.LedgerOptions{
		Dir: filepath.Join(dir, "ledger"), Node: "n", Rollups: s, Zone: time.Local, Now: time.Now, Commit: 100 * time.Millisecond, AddUp: time.Second,
	})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Shutdown(context.Background()) }()
	r := record(1)
	r.Raw = json.RawMessage(`{"input_tokens":12,"cache_creation_input_tokens":638,"cache_read_input_tokens":9012,"output_tokens":34}`)
	open := usage.Record{ID: r.ID, At: r.At, Key: r.Key, Service: r.Service, Model: r.Model}
	b.ReportAllocs()
	for b.Loop() {
		_ = l.Open(&open)
		l.Close(r)
	}
}
