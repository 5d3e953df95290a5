package daemon

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/pricing"
	"crs/internal/store"
	"crs/internal/usage"
)

const small = `{"gpt-5":{"input_cost_per_token":9e-6,"output_cost_per_token":9e-6},"brand-new":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6}}`

// inputOf is what a million input tokens cost.
func inputOf(t *testing.T, table *pricing.Table, model string) string {
	t.Helper()
	cost, known := table.CostOf([]usage.Item{{Model: model, Amount: 1_000_000}}, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	if !known {
		return "none"
	}
	return cost.String()
}

// Whatever a table is read from, a date that nobody gives is older than any: such a table only adds models.
func TestATableIsAsOldAsItsSourceSays(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/dated" {
			w.Header().Set("Last-Modified", "Mon, 30 Nov 2026 23:59:59 GMT")
		}
		_, _ = w.Write([]byte(small))
	}))
	t.Cleanup(srv.Close)
	for name, tt := range map[string]struct {
		update      ctl.PriceUpdate
		asOf, input string
	}{
		"Last-Modified":        {ctl.PriceUpdate{From: srv.URL + "/dated"}, "2026-11-30", "$9.00"},
		"nobody says":          {ctl.PriceUpdate{From: srv.URL + "/undated"}, "", "$1.25"},
		"the operator says":    {ctl.PriceUpdate{From: srv.URL + "/undated", AsOf: "2026-11-29"}, "2026-11-29", "$9.00"},
		"an old one":           {ctl.PriceUpdate{From: srv.URL + "/dated", AsOf: "2026-01-01"}, "2026-01-01", "$1.25"},
		"a file":               {ctl.PriceUpdate{From: "p.json", Table: []byte(small), AsOf: "2026-11-28"}, "2026-11-28", "$9.00"},
		"a file without a day": {ctl.PriceUpdate{From: "-", Table: []byte(small)}, "", "$1.25"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			taken, _, err := readTable(t.Context(), &tt.update)
			if err != nil {
				t.Fatal(err)
			}
			if got := inputOf(t, taken.base(), "gpt-5"); taken.asOf.String() != tt.asOf || got != tt.input {
				t.Errorf("of %s: %s", taken.asOf, got)
			}
			if got := inputOf(t, taken.base(), "brand-new"); got != "$1.00" {
				t.Errorf("what only it has: %s", got)
			}
		})
	}
	if _, _, err := readTable(t.Context(), &ctl.PriceUpdate{From: "x", Table: []byte(small), AsOf: "yesterday"}); ctl.CodeOf(err) != ctl.BadRequest {
		t.Errorf("no date: %v", err)
	}
}

func TestTheLastCommitOfAFileIsItsDay(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		`[{"sha":"a","commit":{"author":{"date":"2026-11-27T00:00:00Z"},"committer":{"name":"x","date":"2026-11-29T23:30:00-05:00"}}}]`: "2026-11-30",
		`[]`: "", `{"message":"rate limit"}`: "", `[{}]`: "", ``: "",
	} {
		if got := committedOn([]byte(doc)); got.String() != want {
			t.Errorf("%s: %s", doc, got)
		}
	}
}

func TestWhereTheCommitsOfAFileAre(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		litellm: "https://api.github.com/repos/BerriAI/litellm/commits?path=model_prices_and_context_window.json&per_page=1&sha=main",
		"https://raw.githubusercontent.com/o/r/v1/a/b.json?token=hush": "https://api.github.com/repos/o/r/commits?path=a%2Fb.json&per_page=1&sha=v1",
		"https://raw.githubusercontent.com/o/r":                        "", "https://example.com/o/r/main/p.json": "",
	} {
		u, err := url.Parse(from)
		if err != nil {
			t.Fatal(err)
		}
		if got := commitsOf(u); got != want {
			t.Errorf("%s: %s, want %s", from, got, want)
		}
	}
}

// A table that an older crs has stored says of when it was taken, and not of when it is.
func TestAStoredTableIsRead(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, _ = zip.Write([]byte(small))
	_ = zip.Close()
	older, err := json.Marshal(map[string]any{"from": "https://example.com/t", "at": "2026-11-30T00:00:00Z", "gzip": packed.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	taken, err := decodeTaken(store.Doc{ID: takenDoc, Version: 3, Body: older})
	if err != nil || taken.asOf != 0 || taken.version != 3 || inputOf(t, taken.base(), "gpt-5") != "$1.25" || inputOf(t, taken.base(), "brand-new") != "$1.00" {
		t.Errorf("an older one: %+v, %v", taken, err)
	}
	next, doc, err := readTable(t.Context(), &ctl.PriceUpdate{From: "p.json", Table: []byte(small), AsOf: "2026-11-30"})
	if err != nil {
		t.Fatal(err)
	}
	body, err := encodeTaken(&next, doc)
	if err != nil {
		t.Fatal(err)
	}
	back, err := decodeTaken(store.Doc{Body: body})
	if err != nil || back.asOf != next.asOf || back.base().Version() != next.base().Version() {
		t.Errorf("%+v, %v", back, err)
	}
	var asOld struct { // what an older crs reads of it
		From string    `json:"from"`
		At   time.Time `json:"at"`
		Gzip []byte    `json:"gzip"`
	}
	if err := json.Unmarshal(body, &asOld); err != nil || asOld.From != "p.json" || len(asOld.Gzip) == 0 {
		t.Errorf("%+v, %v", asOld, err)
	}
}

func TestLargeTables(t *testing.T) {
	t.Parallel()
	table := func(n int) []byte {
		var b strings.Builder
		b.WriteString("{")
		for i := range n {
			fmt.Fprintf(&b, `"m%d":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6},`, i)
		}
		return []byte(b.String() + `"last":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}}`)
	}
	tenThousand := table(10_000)
	for name, tt := range map[string]struct {
		table []byte
		says  string
	}{
		"ten thousand models":  {tenThousand, ""},
		"two hundred thousand": {table(200_000), "more than 100000 models"},
		"a million":            {table(1_000_000), "larger than 16 MiB"},
		"cut off":              {tenThousand[:len(tenThousand)/2], "unexpected end of JSON input"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			taken, _, err := readTable(t.Context(), &ctl.PriceUpdate{From: "p.json", Table: tt.table})
			switch {
			case tt.says == "" && (err != nil || taken.read.Entries != 10_001):
				t.Errorf("%d entries, %v", taken.read.Entries, err)
			case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
				t.Errorf("%v", err)
			}
		})
	}
}

func TestTheAgeShownIsThatOfTheData(t *testing.T) {
	t.Parallel()
	for asOf, want := range map[string]string{"": "built-in 2026-11-24", "2026-08-06": "built-in 2026-11-24", "2026-11-30": "p.json 2026-11-30"} {
		taken, _, err := readTable(t.Context(), &ctl.PriceUpdate{From: "p.json", Table: []byte(small), AsOf: asOf})
		if err != nil {
			t.Fatal(err)
		}
		taken.at = time.Now()
		p := &prices{taken: taken}
		if age := p.age(); age.From+" "+age.Of.Format(time.DateOnly) != want {
			t.Errorf("%s: %+v, want %s", asOf, age, want)
		}
	}
}

// What was taken by force is still in use after a restart; what was not, is not.
func TestAPriceThatWasForcedStays(t *testing.T) {
	t.Parallel()
	const far = `{"gpt-5":{"input_cost_per_token":9e-5,"output_cost_per_token":9e-5},"mine":{"input_cost_per_token":9e-5,"output_cost_per_token":9e-5}}`
	for want, force := range map[string]bool{"$1.25": false, "$90.00": true} {
		next, doc, err := readTable(t.Context(), &ctl.PriceUpdate{From: "p.json", Table: []byte(far), AsOf: "2026-11-30", Force: force})
		if err != nil {
			t.Fatal(err)
		}
		body, err := encodeTaken(&next, doc)
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeTaken(store.Doc{Body: body})
		if err != nil || inputOf(t, next.base(), "gpt-5") != want || inputOf(t, back.base(), "gpt-5") != want {
			t.Errorf("forced %v: %s and then %s, want %s: %v", force, inputOf(t, next.base(), "gpt-5"), inputOf(t, back.base(), "gpt-5"), want, err)
		}
		p := &prices{own: ownPrices{models: map[string]json.RawMessage{"mine": json.RawMessage(`{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}`)}}}
		p.taken = builtIn(0)
		change, err := p.change(&next)
		var said []string
		for _, r := range change.Refused {
			said = append(said, r.Model)
		}
		if err != nil || force && len(said) != 1 || !force && strings.Join(said, " ") != "gpt-5 mine" {
			t.Errorf("forced %v: said of %q, %v", force, said, err)
		}
	}
}
