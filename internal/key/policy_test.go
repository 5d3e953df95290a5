package key_test

import (
	"errors"
	"testing"

	"crs/internal/key"
)

func TestWhatAKeyMayDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policy key.Policy
		what   string // is denied; "" for nothing
	}{
		"everything by default":    {key.Policy{}, ""},
		"the client":               {key.Policy{Clients: []string{"claude-code"}}, ""},
		"another client":           {key.Policy{Clients: []string{"codex"}}, "client"},
		"the model":                {key.Policy{AllowModels: []string{"claude-opus-*"}}, ""},
		"another model":            {key.Policy{AllowModels: []string{"claude-haiku-*"}}, "model"},
		"a denied model":           {key.Policy{DenyModels: []string{"*opus*"}}, "model"},
		"denied beats allowed":     {key.Policy{AllowModels: []string{"*"}, DenyModels: []string{"claude-opus-4-8"}}, "model"},
		"another model is denied":  {key.Policy{DenyModels: []string{"*haiku*"}}, ""},
		"the long-context variant": {key.Policy{DenyModels: []string{"claude-opus-4-8[1m]"}}, "model"},
	} {
		err := c.policy.Allows("claude-code", "claude-opus-4-8")
		var denied *key.NotAllowed
		if errors.As(err, &denied); (c.what == "") != (err == nil) || denied != nil && denied.What != c.what {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := (&key.Policy{Clients: []string{"codex"}}).Allows("", "m")
	if err == nil || err.Error() != "this client is not allowed for this key (allowed: codex)" {
		t.Errorf("%v", err)
	}
}
