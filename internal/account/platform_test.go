package account

import (
	"fmt"
	"testing"
)

// TestAPlatformOfTwoVendors: which of its services serves a model is by the model's name as the account calls it, and an API key opens
// some of them only.
func TestAPlatformOfTwoVendors(t *testing.T) {
	t.Parallel()
	p := Platform{
		Services: []string{"a", "b"}, Models: map[string][]string{"a": {"apple-*"}, "b": {"berry-*"}}, Closed: []string{"a"},
		Translated: map[string]Translation{"c": {To: "a", Models: []string{"apple-*"}, Or: &Translation{To: "b", Models: []string{"berry-*"}}}},
	}
	acc := func(kind Kind) *Account {
		return &Account{Map: map[string]string{"mine": "berry-2", "yours": "apple-2"}, Credential: Credential{Kind: kind}}
	}
	for _, c := range []struct {
		service, name string
		whole, keyed  bool
		by            string
	}{
		{"a", "apple-1", true, false, "a"},
		{"a", "berry-1", false, false, "a"},
		{"b", "berry-1", true, true, "b"},
		{"b", "apple-1", false, false, "b"},
		{"a", "yours", true, false, "a"},
		{"a", "mine", false, false, "a"},
		{"b", "mine", true, true, "b"},
		{"c", "apple-1", true, false, "a"},
		{"c", "berry-1", true, true, "b"},
		{"c", "cherry-1", false, false, "b"},
		{"c", "mine", true, true, "b"},
		{"c", "yours", true, false, "a"},
		{"d", "apple-1", false, false, "d"},
	} {
		whole, keyed := acc(ServiceAccount), acc(APIKey)
		if got := fmt.Sprint(p.Serves(whole, c.service, c.name), p.Serves(keyed, c.service, c.name), p.own(whole, c.service, c.name)); got != fmt.Sprint(c.whole, c.keyed, c.by) {
			t.Errorf("%s of %s: %s", c.service, c.name, got)
		}
	}
}
