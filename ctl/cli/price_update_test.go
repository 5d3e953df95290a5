package cli

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/ctl"
)

func TestAPriceTableIsReadByTheDaemonOrSentToIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"table.json": `{"m":{}}`, "empty": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "table.json")
	packed := base64.StdEncoding.EncodeToString([]byte(`{"m":{}}`))
	for name, test := range map[string]struct {
		args []string
		sent string // "" for nothing
	}{
		"LiteLLM's":     {nil, `{}`},
		"a URL":         {[]string{"--from", "https://example.com/t", "--dry-run"}, `{"from":"https://example.com/t","dry_run":true}`},
		"the built-in":  {[]string{"--from", "built-in", "--force"}, `{"from":"built-in","force":true}`},
		"a file":        {[]string{"--from", file}, `{"from":"` + file + `","table":"` + packed + `"}`},
		"stdin":         {[]string{"--from", "-"}, `{"from":"-","table":"` + packed + `"}`},
		"an empty file": {[]string{"--from", filepath.Join(dir, "empty")}, ""},
		"no file":       {[]string{"--from", filepath.Join(dir, "none")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := new(notes)
			socket := fake(t, map[string]any{"POST /prices/update": n.then("update", ctl.PriceChanges{Applied: true})})
			got := run(t, func(io *IO, _ *Programs) { io.In = strings.NewReader(`{"m":{}}`) }, append([]string{"price", "update", "--socket", socket}, test.args...)...)
			if sent := strings.TrimPrefix(n.String(), "update "); sent != test.sent || (got.code == 0) != (test.sent != "") {
				t.Errorf("%+v; the daemon was sent %s", got, sent)
			}
		})
	}
}

func TestWhatAnUpdateChangesIsSaid(t *testing.T) {
	t.Parallel()
	c := ctl.PriceChanges{From: "https://example.com/t", Applied: true, Models: 40, Removed: []string{"x"}, Rejected: []string{"prices of y: too large"}}
	for i := range 22 {
		c.Added = append(c.Added, fmt.Sprint("m", i))
	}
	c.Changed = []ctl.PriceChange{{Model: "a", Before: ctl.Price{Input: 1_000_000_000, Output: 2_000_000_000}, After: ctl.Price{Input: 1_500_000_000, Output: 2_000_000_000}}}
	a, out := printing()
	a.priceChanges(&c)
	want := `CHANGED          INPUT  OUTPUT  CACHE READ
a        $1.00 → $1.50   $2.00       $0.00
US dollars for a million tokens; what is equal here differs in other prices

new: m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, and 2 more
without a price from now on: x
left out: prices of y: too large
prices are now those of https://example.com/t: 40 models, of which 22 are new, 1 changed and 1 gone
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
	a, out = printing()
	a.priceChanges(&ctl.PriceChanges{From: "a file", Models: 1})
	if want := "nothing was changed; this is what would come of a file: 1 model, of which 0 are new, 0 changed and 0 gone\n"; out.String() != want {
		t.Errorf("got %q", out)
	}
}
