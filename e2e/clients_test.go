//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crs/ctl"
	"crs/internal/usage"
	"crs/lab/simulator"
)

// TestRealClientsThroughTheRelay runs each real client on an account with an API key, and on a subscription that was logged
// into in two steps, and compares what the ledger says with what the simulated providers billed.
func TestRealClientsThroughTheRelay(t *testing.T) {
	path := installClients(t)
	for _, c := range clients() {
		for _, platform := range c.platforms {
			t.Run(c.name+" on "+platform, func(t *testing.T) {
				r := start(t)
				if slices.Contains(loginPlatforms(), platform) {
					r.login(platform, "a")
				} else {
					r.apiKey(platform, "a")
				}
				if out, err := c.run(t, path, "http://"+r.addr+c.path, r.key("me")); err != nil || !strings.Contains(out, "pong") {
					t.Fatalf("%v: %s", err, out)
				}
				r.sameBill()
				for _, rec := range r.log200() {
					if rec.Client != c.known || rec.Account != "a" || rec.Source != "upstream" {
						t.Errorf("%+v", rec)
					}
				}
			})
		}
	}
}

// apiKey adds an account with an API key.
func (r *relay) apiKey(platform, name string) {
	r.t.Helper()
	file := filepath.Join(r.dir, name+".key")
	if err := os.WriteFile(file, []byte("sk-ant-"+name+"\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.crs("account", "add", platform, name, "--api-key-file", file)
}

// login adds a subscription in two steps, with the simulated provider's page for a browser.
func (r *relay) login(platform, name string) {
	r.t.Helper()
	var begun struct{ ID, URL string }
	if err := json.Unmarshal([]byte(r.crs("account", "login", platform, name, "--print-url", "-o", "json")), &begun); err != nil {
		r.t.Fatal(err)
	}
	r.crs("account", "login", "--finish", begun.ID, "--code", r.browse(begun.URL))
}

// browse opens a page and gives what its owner would paste: the code it shows, or the address where the browser ends.
func (r *relay) browse(url string) string {
	r.t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	resp, err := browser.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if to := resp.Header.Get("Location"); to != "" {
		return to
	}
	code := resp.Header.Get("X-Sim-Code")
	if code == "" {
		r.t.Fatalf("%s shows no code: %s", url, resp.Status)
	}
	return code
}

// log200 is the log of the requests that were served.
func (r *relay) log200() []ctl.Request {
	r.t.Helper()
	all, err := r.Requests(r.t.Context(), ctl.RequestQuery{Limit: 1000})
	if err != nil {
		r.t.Fatal(err)
	}
	var served []ctl.Request
	for _, rec := range all {
		if rec.Status == http.StatusOK {
			served = append(served, rec)
		}
	}
	if len(served) == 0 {
		r.t.Error("nothing was served")
	}
	return served
}

// sameBill compares the ledger with what the simulated providers billed, to the token and by kind.
func (r *relay) sameBill() {
	r.t.Helper()
	r.until("everything is written down", func() bool {
		s, err := r.Status(r.t.Context())
		return err == nil && s.InFlight == 0 && s.LedgerOpen == 0
	})
	resp, err := http.Get(r.sim + "/_sim/served")
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var bills map[string]simulator.Bill
	if err := json.NewDecoder(resp.Body).Decode(&bills); err != nil {
		r.t.Fatal(err)
	}
	var billed usage.Tokens
	for _, b := range bills {
		billed = billed.Add(b.Tokens)
	}
	var u ctl.Usage
	if err := json.Unmarshal([]byte(r.crs("usage", "--since", "all", "-o", "json")), &u); err != nil {
		r.t.Fatal(err)
	}
	x := u.Total
	got := usage.Tokens{Input: x.InputTokens, Output: x.OutputTokens, CacheRead: x.CacheReadTokens, CacheWrite: x.CacheWrite5mTokens, CacheWrite1h: x.CacheWrite1hTokens, Reasoning: x.ReasoningTokens}
	if got != billed || billed.Output == 0 {
		r.t.Errorf("the ledger has %+v, the providers billed %+v", got, billed)
	}
}
