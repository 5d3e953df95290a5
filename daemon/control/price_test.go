package control_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"crs/ctl"
	"crs/internal/pricing"
	"crs/lab/crstest"
)

// site serves whatever text is set.
type site struct {
	URL  string
	text atomic.Value
}

func newSite(t *testing.T, text string) *site {
	t.Helper()
	s := new(site)
	s.text.Store(text)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			http.NotFound(w, r)
		case "/cut":
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"m":`))
		case "/huge":
			for range 17 {
				if _, err := w.Write([]byte(strings.Repeat(" ", 1<<20))); err != nil {
					return
				}
			}
		case "/undated":
			_, _ = w.Write([]byte(s.text.Load().(string)))
		default:
			w.Header().Set("Last-Modified", "Sat, 02 Jan 2027 00:00:00 GMT") // newer than the built-in table
			_, _ = w.Write([]byte(s.text.Load().(string)))
		}
	}))
	t.Cleanup(srv.Close)
	s.URL = srv.URL
	return s
}

// dear is a table of every model that there is, at these dollars for a million tokens, with more models or without some.
func dear(input, output int, more string, without ...string) string {
	var b strings.Builder
	b.WriteString("{")
	for _, name := range pricing.Embedded().Models() {
		if !slices.Contains(without, name) {
			fmt.Fprintf(&b, `%q:{"input_cost_per_token":%de-6,"output_cost_per_token":%de-6,"litellm_provider":"anthropic"},`, name, input, output)
		}
	}
	return b.String() + `"more":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6},` + more + `"sample_spec":{}}`
}

func TestPricesAreUpdatedAndStay(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	ctx := t.Context()
	s := newSite(t, dear(1000, 2000, `"bad":{"input_cost_per_token":5},`, "claude-opus-4-7"))
	if _, err := b.SetPrice(ctx, "mine", ctl.PriceEdit{Input: 1_000_000_000, Output: 2_000_000_000}); err != nil {
		t.Fatal(err)
	}
	price := func(model string) string {
		p, err := b.Price(ctx, model)
		if err != nil {
			return string(ctl.CodeOf(err))
		}
		return fmt.Sprint(p.Input, p.Output, p.Overridden)
	}
	was := price("claude-opus-4-8")
	dry, err := b.UpdatePrices(ctx, ctl.PriceUpdate{From: s.URL + "/t?token=hush", DryRun: true, Force: true}) // these are prices that nobody has
	if err != nil || dry.Applied || price("claude-opus-4-8") != was {
		t.Fatalf("%+v, %v", dry, err)
	}
	done, err := b.UpdatePrices(ctx, ctl.PriceUpdate{From: s.URL + "/t?token=hush", Force: true})
	if err != nil || !done.Applied || done.From != s.URL+"/t" || strings.Join(done.Added, ",") != "more" || len(done.Removed) != 0 || len(done.Rejected) != 1 || done.Models < 70 {
		t.Fatalf("%+v, %v", done, err)
	}
	i := slices.IndexFunc(done.Changed, func(c ctl.PriceChange) bool { return c.Model == "claude-opus-4-8" })
	if i < 0 || done.Changed[i].Before.Input != 5_000_000_000 || done.Changed[i].After.Input != 1_000_000_000_000 || done.Version != dry.Version {
		t.Errorf("%+v", done.Changed)
	}
	if _, err := b.SetPrice(ctx, "mine", ctl.PriceEdit{Input: 3_000_000_000, Output: 4_000_000_000}); err != nil { // the table below it stays the new one
		t.Fatal(err)
	}
	for range 2 {
		for model, want := range map[string]string{
			"claude-opus-4-8": "$1000.00 $2000.00 false", "claude-opus-4-7": "$5.00 $25.00 false", "mine": "$3.00 $4.00 true", "more": "$1.00 $1.00 false", "bad": "not_found",
		} {
			if got := price(model); got != want {
				t.Errorf("%s costs %s, want %s", model, got, want)
			}
		}
		b.Halt()
		b.Boot()
	}
	if back, err := b.UpdatePrices(ctx, ctl.PriceUpdate{From: ctl.BuiltIn}); err != nil || price("claude-opus-4-8") != was || strings.Join(back.Removed, ",") != "more" || price("mine") == "not_found" {
		t.Errorf("%+v, %v", back, err)
	}
	b.Halt()
	b.Boot()
	if price("claude-opus-4-8") != was || price("more") != "not_found" {
		t.Error("the built-in table did not stay")
	}
}

func TestATableThatIsNoneChangesNothing(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	ctx := t.Context()
	s := newSite(t, dear(1, 1, ""))
	if _, err := b.UpdatePrices(ctx, ctl.PriceUpdate{From: s.URL}); err != nil {
		t.Fatal(err)
	}
	before, err := b.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	few := `{"claude-opus-4-8":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}}`
	for name, c := range map[string]struct {
		update ctl.PriceUpdate
		text   string
		code   ctl.Code
		says   string
	}{
		"most models are gone": {ctl.PriceUpdate{From: s.URL}, few, ctl.Failed, "the table lacks"},
		"of a file too":        {ctl.PriceUpdate{From: "few.json", Table: []byte(few)}, "", ctl.Failed, "the table lacks"},
		"a page":               {ctl.PriceUpdate{From: s.URL}, "<html>", ctl.Failed, "is no price table"},
		"half a table":         {ctl.PriceUpdate{From: s.URL}, `{"m":{"input_cost_per_token":1e-6`, ctl.Failed, "is no price table"},
		"nothing by the token": {ctl.PriceUpdate{From: s.URL, Force: true}, `{"m":{}}`, ctl.Failed, "no model with a price"},
		"no such page":         {ctl.PriceUpdate{From: s.URL + "/gone?token=hush"}, "", ctl.Failed, s.URL + "/gone: it answered 404"},
		"cut off":              {ctl.PriceUpdate{From: s.URL + "/cut?token=hush"}, "", ctl.Failed, "unexpected EOF"},
		"too large":            {ctl.PriceUpdate{From: s.URL + "/huge"}, "", ctl.Failed, "larger than 16 MiB"},
		"too large a file":     {ctl.PriceUpdate{From: "x", Table: []byte(strings.Repeat(" ", 17<<20))}, "", ctl.Failed, "larger than 16 MiB"},
		"nobody there":         {ctl.PriceUpdate{From: "http://127.0.0.1:1/t?token=hush"}, "", ctl.Failed, "refused"},
		"no URL":               {ctl.PriceUpdate{From: "prices.json"}, "", ctl.BadRequest, "is not an http or https URL"},
		"a file's URL":         {ctl.PriceUpdate{From: "file:///etc/passwd"}, "", ctl.BadRequest, "is not an http or https URL"},
		"a password":           {ctl.PriceUpdate{From: "http://u:hush@127.0.0.1/"}, "", ctl.BadRequest, "without a password"},
	} {
		s.text.Store(c.text)
		_, err := b.UpdatePrices(ctx, c.update)
		t.Run(name, func(t *testing.T) { refused(t, err, c.code, c.says) })
	}
	if after, err := b.Status(ctx); err != nil || after.Prices != before.Prices {
		t.Errorf("the prices were %s and are %s, %v", before.Prices, after.Prices, err)
	}
	s.text.Store(few)
	if done, err := b.UpdatePrices(ctx, ctl.PriceUpdate{From: s.URL, Force: true}); err != nil || !done.Applied || strings.Join(done.Removed, ",") != "more" {
		t.Errorf("by force: %+v, %v", done, err)
	}
}
