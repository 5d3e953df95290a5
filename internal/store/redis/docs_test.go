package redis_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/store"
	"crs/internal/store/redis"
	"crs/internal/unit"
	"crs/internal/usage"
	"crs/lab/redistest"
)

var update = flag.Bool("update", false, "write the table of docs/redis.md anew")

// keyRow is a line of the comment in keys.go.
type keyRow struct{ name, kind, lives, who string }

// keyRows reads the comment, whose columns begin where those of its first line do.
func keyRows(t *testing.T) (rows []keyRow) {
	t.Helper()
	source, err := os.ReadFile("keys.go")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(source), "//\n//\tname ")
	text, _, ok := strings.Cut("name "+text, "\n//\n")
	head, lines, _ := strings.Cut(text, "\n")
	kind, lives, who := strings.Index(head, "type "), strings.Index(head, "lives "), strings.Index(head, "who ")
	if !ok || kind < 0 || lives < kind || who < lives {
		t.Fatalf("keys.go has no table of keys any more: %q", head)
	}
	for line := range strings.Lines(lines) {
		letters := []rune(strings.TrimRight(strings.TrimPrefix(line, "//\t"), "\n") + strings.Repeat(" ", who))
		part := func(from, to int) string { return strings.TrimSpace(string(letters[from:to])) }
		row := keyRow{part(0, kind), part(kind, lives), part(lives, who), part(who, len(letters))}
		if row.name == "" { // it goes on
			last := &rows[len(rows)-1]
			last.lives, last.who = strings.TrimSpace(last.lives+" "+row.lives), strings.TrimSpace(last.who+" "+row.who)
			continue
		}
		rows = append(rows, row)
	}
	if len(rows) < 15 {
		t.Fatalf("only %d keys were found in keys.go", len(rows))
	}
	return rows
}

// TestTheDocumentationListsEveryKey keeps docs/redis.md from drifting.
func TestTheDocumentationListsEveryKey(t *testing.T) {
	t.Parallel()
	const page, begin, end = "../../../docs/redis.md", "<!-- keys -->\n", "<!-- end of keys -->\n"
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the keys", page)
	}
	var table strings.Builder
	table.WriteString("\n| key | type | lives | who writes, and what |\n|---|---|---|---|\n")
	for _, r := range keyRows(t) {
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", strings.ReplaceAll(r.name, ", ", "` `"), r.kind, r.lives, r.who)
	}
	want := before + begin + table.String() + "\n" + end + after
	if want == string(b) {
		return
	}
	if !*update {
		t.Fatalf("%s is out of date; run: go test ./internal/store/redis -run Documentation -update", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestEveryKeyInRedisIsInTheList does what a node does, and looks at what is in Redis then.
func TestEveryKeyInRedisIsInTheList(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := connect(t, server.URL())
	useEverything(t, s)
	var found int
	for _, name := range server.Do(t, "KEYS", "*").([]any) {
		kind, ttl := server.Do(t, "TYPE", name).(string), server.Do(t, "PTTL", name).(int64)
		row := rowOf(t, name.(string))
		switch {
		case row == nil:
			t.Errorf("%s (%s) is not in the list of keys.go", name, kind)
			continue
		case row.kind != kind:
			t.Errorf("%s is a %s, and in keys.go a %s", name, kind, row.kind)
		case row.lives == "for good" && ttl >= 0:
			t.Errorf("%s ends in %d ms, and lives for good in keys.go", name, ttl)
		case kind != "stream" && row.lives != "for good" && ttl < 0:
			t.Errorf("%s has no end, and lives %s in keys.go", name, row.lives)
		}
		found++
	}
	if found < 15 {
		t.Errorf("only %d keys were looked at", found)
	}
}

// useEverything has an edit, a state, usage, a log, a request with limits, and one on an account with slots.
func useEverything(t *testing.T, s *redis.Store) {
	t.Helper()
	n := join(t, s)
	k := &key.Key{ID: "key_k", Name: "k"}
	limits := `{"concurrency": 2, "requests_per_minute": 10, "tokens_per_minute": 1000, "daily_cost": 1000000000, "total_cost": 1000000000,
		"limits": [{"limit": "requests/5h", "max": 100}, {"limit": "images/day", "max": 100}]}`
	if err := json.Unmarshal([]byte(limits), &k.Policy); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), store.Doc{Kind: store.Key, ID: k.ID, Name: k.Name, Body: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	p := pool(t, n, acc("a", 1))
	lease := pick(t, p, want("a conversation"))
	permit, err := shared(n).Admit(t.Context(), limit.Ask{Holders: []limit.Holder{k.Holder()}, Amounts: unit.Amounts{unit.Tokens: 10, unit.Cost: 10}})
	if err != nil {
		t.Fatal(err)
	}
	hour := time.Now().UTC().Truncate(time.Hour)
	sum := usage.Sum{Hour: hour, Day: hour.Format(time.DateOnly), Key: k.ID, Account: "acc_a", Model: "m", Requests: 1, Charged: 5}
	for _, err := range []error{
		s.AddUp(t.Context(), "n", []usage.Sum{sum}, usage.Cursor{}, usage.Cursor{Offset: 1}),
		s.Append(t.Context(), "n", [][]byte{[]byte(`{"id":"r"}`)}, usage.Cursor{}, usage.Cursor{Offset: 1}),
		s.SaveState(t.Context(), "a state", []byte("1")),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	permit.Settle(unit.Amounts{unit.Tokens: 8, unit.Cost: 8})
	n.Settled()
	t.Cleanup(func() { permit.Release(); lease.Release(account.Outcome{Result: account.Served}) })
}

// rowOf finds the row of a key that is there: the one that leaves the least open.
func rowOf(t *testing.T, name string) (best *keyRow) {
	t.Helper()
	open := func(r *keyRow) int { return len(capitals().FindAllString(r.name, -1)) }
	for _, r := range keyRows(t) {
		first, others, _ := strings.Cut(r.name, ", ")
		fits := shaped(first, name) || others != "" && shaped(first[:strings.LastIndex(first, ":")]+others, name)
		if fits && (best == nil || open(&r) < open(best)) {
			best = &r
		}
	}
	return best
}

func capitals() *regexp.Regexp { return regexp.MustCompile(`[A-Z]+`) }

// shaped reports whether a key has the shape that a row of the list gives it: what is in capitals stands for something else.
func shaped(shape, name string) bool {
	pattern := capitals().ReplaceAllStringFunc(regexp.QuoteMeta(shape), func(word string) string {
		if word == "PREFIX" {
			return "crs"
		}
		return "[^}]+"
	})
	return regexp.MustCompile("^" + pattern + "$").MatchString(name)
}
