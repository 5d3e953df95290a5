package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crs/ctl"
)

func TestAnAPIKeyIsAskedForWhenThereIsSomebody(t *testing.T) {
	t.Parallel()
	a, out := printing()
	a.IO.Hidden = func(context.Context) ([]byte, error) { return []byte("sk-typed "), nil }
	if _, err := a.apiKey(t.Context(), "claude-console", "", ""); ctl.CodeOf(err) != ctl.BadRequest || out.Len() > 0 {
		t.Errorf("nobody was asked, and yet: %v %s", err, out)
	}
	a.IO.Somebody = true
	key, err := a.apiKey(t.Context(), "claude-console", "", "")
	if err != nil || key.Reveal() != "sk-typed" || !strings.HasPrefix(out.String(), "the API key") || strings.Contains(out.String(), "sk-") {
		t.Errorf("%v; it printed %q", err, out)
	}
	a.IO.Hidden = func(context.Context) ([]byte, error) { return nil, context.Canceled }
	if _, err := a.apiKey(t.Context(), "claude-console", "", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestAClientFindsTheRelay(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		"127.0.0.1:3000": "http://127.0.0.1:3000", "0.0.0.0:3000": "http://127.0.0.1:3000", "[::]:3000": "http://127.0.0.1:3000",
		":3000": "http://127.0.0.1:3000", "[::1]:3000": "http://[::1]:3000", "relay.lan:80": "http://relay.lan:80",
	} {
		if got := relayURL(listen, false); got != want {
			t.Errorf("relayURL(%s) = %s, want %s", listen, got, want)
		}
	}
	if got := relayURL(":443", true); got != "https://127.0.0.1:443" {
		t.Errorf("over TLS it is %s", got)
	}
}

// keyEdit is what key flags say.
func keyEdit(t *testing.T, args ...string) (ctl.KeyEdit, error) {
	t.Helper()
	a, _ := printing()
	cmd, rest, err := a.keyCommand().Find(append([]string{"edit", "x"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	var f fieldFlags
	cmd.ResetFlags()
	f.addTo(a, cmd, a.Programs.Catalogue.KeyFields, true)
	if err := cmd.ParseFlags(rest); err != nil {
		return ctl.KeyEdit{}, err
	}
	return f.keyEdit(cmd, noon)
}

func TestOnlyWhatIsGivenChanges(t *testing.T) {
	t.Parallel()
	e, err := keyEdit(t)
	if err != nil || e != (ctl.KeyEdit{}) {
		t.Errorf("nothing: %+v, %v", e, err)
	}
	e, err = keyEdit(t, "--rpm", "0", "--allow-models", "", "--deny-models", "a, b,,", "--tag", "x", "--tag", "y", "--account", "", "--daily-cost", "$1.5", "--expires", "never", "--queue-wait", "1m")
	switch {
	case err != nil:
		t.Fatal(err)
	case e.RequestsPerMinute == nil || *e.RequestsPerMinute != 0, e.AllowModels == nil || len(*e.AllowModels) != 0 || *e.AllowModels == nil,
		!slices.Equal(*e.DenyModels, []string{"a", "b"}), !slices.Equal(*e.Tags, []string{"x", "y"}), *e.Account != "",
		*e.DailyCost != 1_500_000_000, !e.ExpiresAt.IsZero(), *e.QueueWaitSeconds != 60:
		t.Errorf("%+v", e)
	case e.TokensPerMinute != nil, e.Clients != nil, e.Group != nil, e.Multiplier != nil, e.ActivateFor != nil, e.WeeklyCost != nil:
		t.Errorf("what was not given is in %+v", e)
	}
}

func TestLimitsAreSaidByWhatTheyCount(t *testing.T) {
	t.Parallel()
	e, err := keyEdit(t, "--limit", "cost/month=$50", "--limit", "tokens/day=2M,requests/5h=0")
	if want := map[string]json.Number{"cost/month": "50", "tokens/day": "2000000", "requests/5h": "0"}; err != nil || e.Rules == nil || !maps.Equal(*e.Rules, want) {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestAKeyIsNotBoundTwiceNorEndsTwice(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--account", "a", "--group", "g"}, {"--expires", "1d", "--activate-for", "1d"}} {
		if _, err := keyEdit(t, args...); ctl.CodeOf(err) != ctl.BadRequest {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestOnlyKeysOfAWSMayHaveSeveralLines(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte("aws_access_key_id = AKIA\naws_secret_access_key = x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, _ := printing()
	if key, err := a.readKey("bedrock", file); err != nil || strings.Count(key.Reveal(), "\n") != 2 {
		t.Errorf("%v", err)
	}
	if _, err := a.readKey("gemini-api", file); ctl.CodeOf(err) != ctl.BadRequest {
		t.Errorf("%v", err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.readKey("bedrock", empty); ctl.CodeOf(err) != ctl.BadRequest {
		t.Errorf("%v", err)
	}
}

func TestWhatAnUpdateChangesIsSaid(t *testing.T) {
	t.Parallel()
	c := ctl.PriceChanges{From: "https://example.com/t", Applied: true, Models: 40, Removed: []string{"x"}, Rejected: []string{"prices of y: too large"}, Format: "litellm", AsOf: "2026-11-30", Read: 63, Kept: []string{"z"}}
	for i := range 21 {
		c.Unpriced = append(c.Unpriced, fmt.Sprint("prices of p", i, ": none"))
	}
	for i := range 22 {
		c.Added = append(c.Added, fmt.Sprint("m", i))
	}
	c.Changed = []ctl.PriceChange{{Model: "a", Before: ctl.Price{Input: 1_000_000_000, Output: 2_000_000_000}, After: ctl.Price{Input: 1_500_000_000, Output: 2_000_000_000}}}
	var unpriced string
	for _, line := range c.Unpriced[:20] {
		unpriced += "without a price that could be charged: " + line + "\n"
	}
	a, out := printing()
	a.priceChanges(c)
	want := `CHANGED          INPUT  OUTPUT  CACHE READ
a        $1.00 → $1.50   $2.00       $0.00
US dollars for a million tokens; what is equal here differs in other prices

new: m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, and 2 more
without a price from now on: x
left out: prices of y: too large
` + unpriced + `without a price that could be charged: 1 more, all in -o json
read 63 models: 1 left out, 21 without a price that could be charged, 1 with a price here that is as new or newer
prices are now those of https://example.com/t of 2026-11-30: 40 models, of which 22 are new, 1 changed and 1 gone
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
	a, out = printing()
	a.priceChanges(ctl.PriceChanges{From: "a file", Models: 1})
	if want := "nothing was changed; this is what would come of a file: 1 model, of which 0 are new, 0 changed and 0 gone\n"; out.String() != want {
		t.Errorf("got %q", out)
	}
}

func TestTopTakesRatesBetweenTwoLooks(t *testing.T) {
	t.Parallel()
	tr := traffic{sent: map[string]int64{}}
	flight := ctl.Flight{N: 1, Sent: 1000, Live: ctl.Live{ID: "req_1", At: noon, Key: "alice", Phase: "streaming"}}
	tr.take(&ctl.Update{At: noon, All: true, Status: &ctl.Status{InFlight: 1, Waiting: 2}, Flights: []ctl.Flight{flight}, Ended: make([]ctl.Request, 3)})
	first := tr.look(noon)
	if first.InFlight != 1 || first.Waiting != 2 || first.RequestRate != 0 || first.ByteRate != 0 || len(first.Live) != 1 {
		t.Errorf("the first look: %+v", first)
	}
	tr.take(&ctl.Update{At: noon.Add(time.Second), Sent: []int64{1, 5000}, Ended: make([]ctl.Request, 4), Missed: 6})
	second := tr.look(noon.Add(2 * time.Second))
	if second.RequestRate != 5 || second.ByteRate != 2000 || second.Live[0].Rate != 2000 || second.Live[0].Sent != 5000 {
		t.Errorf("the second: %+v", second)
	}
}

func TestTopShowsATable(t *testing.T) {
	t.Parallel()
	a, out := printing()
	quiet := noon.Add(-7 * time.Second)
	s := &sighting{At: noon, InFlight: 3, Waiting: 1, RequestRate: 2.5, ByteRate: 1500, Live: []moving{
		{Live: ctl.Live{ID: "req_1", Key: "alice", Account: "work", Model: "m", Phase: "streaming", At: noon.Add(-90 * time.Second), FirstByteMS: 300}, Sent: 12_000, Rate: 1500},
		{Live: ctl.Live{ID: "req_2", Key: "bob", Model: "evil\x1b[2J", Phase: "picking", At: noon, Attempts: 2}, LastAt: &quiet},
	}}
	if err := a.showTraffic(s); err != nil {
		t.Fatal(err)
	}
	want := `12:00:00  3 in flight (1 waiting for an account), 2.5 requests/s, 1.5 kB/s
REQUEST  KEY    ACCOUNT  MODEL      PHASE        FOR  FIRST   SENT      RATE  QUIET  FAILED
req_1    alice  work     m          streaming  1m30s  300ms  12 kB  1.5 kB/s
req_2    bob             evil?[2J   picking       0s           0 B     0 B/s     7s       2

`
	if got := out.String(); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	a.JSON = true
	out.Reset()
	if err := a.showTraffic(s); err != nil || strings.Count(out.String(), "\n") != 1 {
		t.Fatalf("%q, %v", out, err)
	}
	var back sighting
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Live[1].ID != "req_2" || back.RequestRate != 2.5 {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestTopShowsWhatATerminalHasRoomFor(t *testing.T) {
	t.Parallel()
	a, out := printing()
	a.IO.Terminal, a.IO.Height = true, func() int { return 10 }
	if err := a.showTraffic(&sighting{At: noon, Live: make([]moving, 100)}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if !strings.HasPrefix(text, home) || strings.Count(text, "\n") > 9 || !strings.Contains(text, "and 95 more") {
		t.Errorf("%q", text)
	}
}

func TestFollowedLinesKeepTheirColumns(t *testing.T) {
	t.Parallel()
	a, out := printing()
	a.requestHead()
	a.requestLine(&ctl.Request{ID: "req_01k9w3x4y5z6a7b8c9d0e1f2g3", Key: "alice", At: noon, Model: "claude-opus-4-8", Account: "work", Status: 200})
	head, line, _ := strings.Cut(out.String(), "\n")
	for _, pair := range [][2]string{{"REQUEST", "req_"}, {"KEY", "alice"}, {"MODEL", "claude"}, {"ACCOUNT", "work"}} {
		if strings.Index(head, pair[0]) != strings.Index(line, pair[1]) {
			t.Errorf("%s is not over %s:\n%s", pair[0], pair[1], out)
		}
	}
}
