package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/usage"
	"crs/lab/crstest"
	"crs/lab/simulator"
)

// The tests in sdk_*_test.go have the vendors' own libraries talk to a whole daemon, with the simulated providers behind it.

// said is what the simulated providers say to a ping.
const said = "pong — the simulator heard you."

// thinks is a step of the simulator's script for an answer with everything in it.
const thinks = "loop:ok(thinking,tool,reasoning=8)"

// client is what the libraries send with; keep-alive, as they do, and nothing left open.
func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// sameBill compares the ledger with what the simulated providers billed: to the token, and by kind.
func sameBill(t *testing.T, b *crstest.Box, requests int64) {
	t.Helper()
	b.Idle()
	var billed usage.Tokens
	for _, bill := range b.Sim.Served() {
		billed = billed.Add(bill.Tokens)
	}
	u, err := b.Usage(t.Context(), ctl.UsageQuery{Since: "all"})
	if err != nil {
		t.Fatal(err)
	}
	x := u.Total
	got := usage.Tokens{
		Input: x.InputTokens, Output: x.OutputTokens, CacheRead: x.CacheReadTokens, CacheWrite: x.CacheWrite5mTokens,
		CacheWrite1h: x.CacheWrite1hTokens, Reasoning: x.ReasoningTokens,
	}
	if got != billed || billed.Input == 0 || x.Requests != requests {
		t.Errorf("the ledger has %+v of %d requests, the providers billed %+v", got, x.Requests, billed)
	}
	for _, r := range b.Newest(int(requests)) {
		if r.Source != "upstream" || r.Status != http.StatusOK || r.Error != "" {
			t.Errorf("the log has %+v", r)
		}
	}
}

// called compares a tool's call with what the simulated providers call.
func called(t *testing.T, name, arguments string) {
	t.Helper()
	var got, want map[string]any
	if json.Unmarshal([]byte(arguments), &got) != nil || json.Unmarshal([]byte(simulator.ToolInput), &want) != nil {
		t.Errorf("the arguments are no object: %q", arguments)
		return
	}
	if name != simulator.ToolName || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s was called with %s", name, arguments)
	}
}

// mapped has an account serve models by another name.
func mapped(from, to string) func(*ctl.NewAccount) {
	return func(a *ctl.NewAccount) { a.Map = map[string]string{from: to} }
}

// anyClient opens an account to clients that are not its provider's own.
func anyClient(a *ctl.NewAccount) { a.AnyClient = true }
