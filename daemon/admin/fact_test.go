package admin

import (
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/config"
	"crs/internal/secret"
)

// TestThatACredentialIsAnotherOneIsSeen, whether it has been used yet or not; and not when only its token was refreshed.
func TestThatACredentialIsAnotherOneIsSeen(t *testing.T) {
	t.Parallel()
	key := func(text string) account.Credential { return account.Credential{Secret: secret.New(text)} }
	robot := func(file, token string) account.Credential {
		return account.Credential{Kind: account.ServiceAccount, Secret: secret.New(token), Refresh: secret.New(file), ExpiresAt: time.Now()}
	}
	for name, c := range map[string]struct {
		before, after account.Credential
		another       bool
	}{
		"the same key":                       {key("a"), key("a"), false},
		"another key":                        {key("a"), key("b"), true},
		"another service account, unused":    {robot("a", ""), robot("b", ""), true},
		"another service account, used":      {robot("a", "token"), robot("b", ""), true},
		"the same service account once more": {robot("a", "token"), robot("a", ""), false},
	} {
		if isAnother(&c.before, &c.after) != c.another {
			t.Errorf("%s: another: %t", name, !c.another)
		}
	}
}

// TestASecretOfTheConfigurationThatIsAnotherOneIsSeen, and not shown.
func TestASecretOfTheConfigurationThatIsAnotherOneIsSeen(t *testing.T) {
	t.Parallel()
	of := func(text, level string) []config.Entry {
		return []config.Entry{{Key: "providers.gemini.client_secret", Value: "[redacted]", Hidden: secret.New(text)}, {Key: "log.level", Value: level}}
	}
	if e := Reloaded(of("hush-a", "info"), of("hush-a", "info")); len(e.Changes) != 0 {
		t.Errorf("nothing has changed: %+v", e.Changes)
	}
	e := Reloaded(of("hush-a", "info"), of("hush-b", "debug"))
	if len(e.Changes) != 2 || e.Changes[1].Field != "providers.gemini.client_secret" || e.Changes[1].After != "[redacted] (another one)" || strings.Contains(e.Changes[1].Before+e.Changes[1].After, "hush") {
		t.Errorf("%+v", e.Changes)
	}
}
