package usage_test

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"crs/internal/bound"
	"crs/internal/id"
	"crs/internal/usage"
)

// filled is a record with the same text in each of its texts, and lists of so many entries.
func filled(at time.Time, text string, raw []byte, entries int) *usage.Record {
	r := &usage.Record{}
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.String {
			f.SetString(text)
		}
	}
	r.ID, r.At, r.Total, r.Source, r.Raw = id.New("req", at), at, time.Millisecond, usage.Source(text), raw
	for range entries {
		r.Attempts = append(r.Attempts, usage.Attempt{Account: text, Name: text, Error: text, Status: 500})
		r.Passed = append(r.Passed, usage.Passed{Account: text, Name: text, Reason: text, Detail: text})
	}
	return r
}

// readBack writes a record, opens the ledger anew, and finds the record in it.
func readBack(t *testing.T, r *usage.Record) *usage.Record {
	t.Helper()
	opt := usage.LedgerOptions{
		Dir: t.TempDir(), Node: "n", Rollups: new(counting), Zone: time.UTC, Now: time.Now, Commit: time.Millisecond, AddUp: time.Hour,
	}
	l, _, err := usage.OpenLedger(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Open(r); err != nil {
		t.Fatal(err)
	}
	l.Close(r)
	if err := l.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	l, found, err := usage.OpenLedger(t.Context(), opt)
	if err != nil || found.Damaged+found.Interrupted > 0 || found.CutBytes > 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	defer func() { _ = l.Shutdown(context.Background()) }()
	back, err := l.Find(t.Context(), r.ID)
	if err != nil || back == nil {
		t.Fatalf("it is not there: %v", err)
	}
	return back
}

func sameRecord(t *testing.T, back, r *usage.Record) {
	t.Helper()
	got, _ := json.Marshal(back)
	want, _ := json.Marshal(r)
	if string(got) != string(want) {
		t.Errorf("it was\n%.2000s\nand came back as\n%.2000s", want, got)
	}
}

func TestWhatIsWrittenIsReadBackWithinItsBounds(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"short": "claude-opus-4-8", "nine megabytes": strings.Repeat("a", 9<<20), "control characters": strings.Repeat("\x01", 1<<20),
		"two bytes": strings.Repeat("é", 1<<20), "not UTF-8": strings.Repeat("\xff", 1<<20), "lines": "a\nb\r\nc",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := filled(time.Now().UTC(), text, []byte(`{"input_tokens":1}`), 3)
			sameRecord(t, readBack(t, r), r)
			if len(r.Model) > bound.Name {
				t.Errorf("the model has %d bytes", len(r.Model))
			}
		})
	}
}

func TestListsDoNotMakeARecordLongerThanALine(t *testing.T) {
	t.Parallel()
	r := filled(time.Now().UTC(), strings.Repeat("\x01", 5000), nil, 5000)
	sameRecord(t, readBack(t, r), r)
	if n := len(r.Passed); n == 0 || n == 5000 {
		t.Errorf("%d entries", n)
	}
}

func TestUsageThatALineCannotHoldIsLeftOutAndSaidSo(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"a":1}`: `{"a":1}`, "{\n \"a\": 1\n}\n": `{"a":1}`, "\t{}": `{}`, `{"a":`: `{"left_out_bytes":5}`,
		`"` + strings.Repeat("x", 9<<20) + `"`: `{"left_out_bytes":9437186}`,
	} {
		r := filled(time.Now().UTC(), "x", []byte(raw), 0)
		if back := readBack(t, r); string(back.Raw) != want {
			t.Errorf("%.20s came back as %.100s", raw, back.Raw)
		}
	}
}

func FuzzARecordOfAnyTextIsReadBack(f *testing.F) {
	f.Add("claude\xffé\x00\u2028", []byte("{\n\"a\":1}"), uint8(2))
	f.Fuzz(func(t *testing.T, text string, raw []byte, entries uint8) {
		r := filled(time.Unix(1_700_000_000, 5).UTC(), text, raw, int(entries))
		sameRecord(t, readBack(t, r), r)
	})
}
