package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"crs/ctl"
	"crs/ctl/cli/local"
)

func TestTheDoctorSaysWhatFailedAndEndsWithIt(t *testing.T) {
	t.Parallel()
	status := ctl.Status{Running: true, Version: "1.2.3", Listen: "127.0.0.1:3000", UptimeSeconds: 60}
	fine := ctl.Check{Name: "exit", Subject: "api.example.com", Accounts: []string{"a", "b", "c", "d", "e"}, State: ctl.OK, Detail: "answers directly in 9ms"}
	warned := ctl.Check{Name: "prices", State: ctl.Warning, Detail: "old", Hint: "crs price update"}
	broken := ctl.Check{Name: "disk", Subject: "/var/lib/crs", State: ctl.Bad, Detail: "full\x1b[2J", Hint: "make room"}
	for name, c := range map[string]struct {
		found []ctl.Check
		code  int
		says  []string
	}{
		"well":    {[]ctl.Check{fine}, 0, []string{"✓ daemon      crs 1.2.3, up 1m, listens on 127.0.0.1:3000\n", "✓ exit        a, b, c and 2 more: api.example.com answers directly in 9ms\n", "- through ", "\nall is well\n"}},
		"warning": {[]ctl.Check{fine, warned}, 0, []string{"! prices      old\n              crs price update\n", "nothing failed; 1 warning\n"}},
		"failure": {[]ctl.Check{fine, warned, broken}, 1, []string{"✗ disk        /var/lib/crs: full?[2J\n              make room\n", "1 of 6 checks failed, 1 warning\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket := fake(t, map[string]any{"GET /status": status, "POST /checkup": c.found})
			got := run(t, nil, "doctor", "--socket", socket)
			for _, text := range c.says {
				if !strings.Contains(got.out, text) {
					t.Errorf("it does not say %q:\n%s", text, got.out)
				}
			}
			if got.code != c.code || got.err != "" {
				t.Errorf("%+v", got)
			}
			got = run(t, nil, "doctor", "--socket", socket, "-o", "json")
			var d local.Diagnosis
			if err := json.Unmarshal([]byte(got.out), &d); err != nil || got.code != c.code || d.OK != (c.code == 0) || len(d.Checks) != len(c.found)+3 {
				t.Errorf("%v: %+v", err, got)
			}
		})
	}
}

func TestTheDoctorOfADaemonThatDoesNotRun(t *testing.T) {
	t.Parallel()
	got := run(t, nil, "doctor", "--socket", t.TempDir()+"/none")
	if got.code != 3 || !strings.Contains(got.out, "✗ daemon      no crs daemon listens on") || !strings.Contains(got.out, "start one with: crs serve") {
		t.Errorf("%+v", got)
	}
}

func TestTheDoctorOfAnotherVersion(t *testing.T) {
	t.Parallel()
	socket := fake(t, map[string]any{"GET /status": ctl.Status{Version: "1.0.0"}, "POST /checkup": []ctl.Check{}})
	if got := run(t, nil, "doctor", "--socket", socket); got.code != 0 || !strings.Contains(got.out, "! daemon      the daemon is crs 1.0.0, and this is crs 1.2.3") {
		t.Errorf("%+v", got)
	}
	socket = fake(t, map[string]any{"GET /status": ctl.Status{Version: "1.0.0"}}) // too old to look
	if got := run(t, nil, "doctor", "--socket", socket); got.code != 1 || !strings.Contains(got.out, "✗ checkup ") {
		t.Errorf("%+v", got)
	}
	said := []ctl.Condition{
		{Code: "store_unsafe", Severity: ctl.SeverityFailed, Sentence: "crs.db was removed", Hint: "put it back"},
		{Code: "ledger_damaged", Severity: ctl.SeverityWarning, Sentence: "2 lines could not be read", Hint: "see to the disk"},
		{Code: "account_rests", Severity: ctl.SeverityNote, Subject: "a", Sentence: "account a rests", Hint: "that passes by itself"},
	}
	socket = fake(t, map[string]any{"GET /status": ctl.Status{Version: "1.2.3", Conditions: said}, "POST /checkup": []ctl.Check{}})
	got := run(t, nil, "doctor", "--socket", socket)
	for _, want := range []string{"crs.db was removed", "put it back", "! condition   ledger_damaged: 2 lines could not be read", "✓ condition   account_rests: account a rests", "that passes by itself"} {
		if got.code != 1 || !strings.Contains(got.out, want) {
			t.Errorf("without %q: %+v", want, got)
		}
	}
}

func TestTheDoctorIsAskedForWhatMakesSense(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--wait", "70s"}, {"--through", "https://x", "--wait", "11m"}, {"--wait", "x"}, {"x"}} {
		if got := run(t, nil, append([]string{"doctor"}, args...)...); got.code != 2 {
			t.Errorf("%v: %+v", args, got)
		}
	}
	socket := fake(t, map[string]any{"GET /status": ctl.Status{Version: "1.2.3"}, "POST /checkup": []ctl.Check{}, "POST /canaries": ctl.Canary{Token: "x"}})
	if got := run(t, nil, "doctor", "--socket", socket, "--through", "relay"); got.code != 1 || !strings.Contains(got.out, "✗ through     relay: this is no http:// or https:// address") {
		t.Errorf("%+v", got)
	}
}
