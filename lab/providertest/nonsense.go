package providertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// bodies are what comes from broken upstreams, and from what stands before them.
func bodies() []string {
	return []string{
		"", "\x00\xff\xfe garbage", "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>", "<html>no", "Unauthorized", "{", "[]", "null", `"x"`, "7",
		`{"error":null}`, `{"error":7}`, `{"error":{}}`, `{"error":{"message":7,"type":[],"code":{},"status":{}}}`, `{"message":{}}`, `{"detail":[1,{}]}`,
		`{"type":"error"}`, `{"error":{"message":"` + strings.Repeat("long ", 4000) + `"}}`, strings.Repeat(`{"error":`, 2000), strings.Repeat("[", 20000),
	}
}

// nonsense asks for a verdict on every status with every body, for every account and service of the table.
func (s *Suite) nonsense(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529} {
		for i, body := range bodies() {
			if t.Failed() {
				return // the rest says the same
			}
			s.everywhere(func(acc *account.Account, want provider.Intent) {
				r := &provider.Reply{At: s.Now, Status: status, Header: provider.Header{{Name: "Retry-After", Value: "30"}}, Body: []byte(body)}
				v := s.Provider.Judge(&want, acc, r)
				where := fmt.Sprintf("%d with body %d, %s on %s", status, i, want.Service, acc.Platform)
				plain(t, where, acc, status, &v)
				if status == 403 && r.Page() != (v.Outcome.Result == account.Failed) {
					t.Errorf("%s: a page refuses the relay's address and not the account, anything else the account: %+v", where, v)
				}
				if status == 429 && (v.RetryAfter != 30*time.Second || !v.Outcome.Until.Equal(s.Now.Add(30*time.Second))) {
					t.Errorf("%s: retry-after was not kept: %+v", where, v)
				}
				sane(t, where, want.Service, r, &v)
			})
		}
	}
	for i, body := range bodies() {
		s.everywhere(func(acc *account.Account, want provider.Intent) {
			r := &provider.Reply{At: s.Now, Status: 200, Body: []byte(body), InStream: true}
			v := s.Provider.Judge(&want, acc, r)
			sane(t, fmt.Sprintf("in a stream, body %d, %s on %s", i, want.Service, acc.Platform), want.Service, r, &v)
		})
	}
}

// everywhere gives every account and service that there are requests for.
func (s *Suite) everywhere(do func(acc *account.Account, want provider.Intent)) {
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(s.Requests)) {
		r := s.Requests[name]
		key := fmt.Sprint(r.Account.Platform, r.Service, r.Account.Credential.Kind)
		if !seen[key] {
			seen[key] = true
			do(r.Account, s.intent(r.Service))
		}
	}
}

// plain is what a status alone must mean.
func plain(t *testing.T, where string, acc *account.Account, status int, v *provider.Verdict) {
	t.Helper()
	got := v.Outcome.Result
	ok := true
	switch status {
	case 400, 409, 413, 422:
		ok = v.Next == provider.Deliver && got == account.Answered
	case 401:
		next := provider.TryAnother
		if !acc.Credential.Refresh.Empty() {
			next = provider.Renew
		}
		ok = v.Next == next && v.Mask && got == account.Denied
	case 402:
		ok = v.Next == provider.TryAnother && v.Mask
	case 403:
		ok = v.Next == provider.TryAnother && v.Mask && (got == account.Denied || got == account.Failed)
	case 429:
		ok = v.Next == provider.TryAnother && (got == account.Throttled || got == account.Exhausted)
	case 503, 529:
		ok = v.Next == provider.TryAgain && got == account.Overloaded
	case 500, 502, 504:
		ok = v.Next != provider.Deliver && (got == account.Failed || got == account.Overloaded)
	}
	if !ok || got == account.Blocked || got == account.NeedsLogin {
		t.Errorf("%s: next %d, result %d, conceal %v", where, v.Next, got, v.Mask)
	}
}
