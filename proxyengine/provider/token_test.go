package provider_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

// TestATokenIsOneWord of visible ASCII, whoever issues it: anything else is an error, which does not show it.
func TestATokenIsOneWord(t *testing.T) {
	t.Parallel()
	before := account.Credential{Kind: account.OAuth, Secret: secret.New("old"), Refresh: secret.New("kept")}
	issued := func(member, token string) (account.Credential, error) {
		answer := map[string]string{"access_token": "fresh"}
		answer[member] = token
		body, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		return provider.Issued(before, &provider.Reply{Status: http.StatusOK, Body: body}, provider.TokenTrouble)
	}
	for _, member := range []string{"access_token", "refresh_token"} {
		for token, why := range map[string]string{
			"hidden\r\nx-other: 1": "several lines", "hidden\u00e9": "ASCII", "hidden word": "a blank", strings.Repeat("hidden", 4000): "longer than 16384 bytes",
		} {
			c, err := issued(member, token)
			if err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "hidden") {
				t.Errorf("%s: %v, not one that says %q", member, err, why)
			}
			if !c.Secret.Empty() {
				t.Errorf("%s: there is a credential all the same", member)
			}
		}
		if _, err := issued(member, strings.Repeat("a", 16<<10)); err != nil {
			t.Errorf("%s of the longest there may be: %v", member, err)
		}
	}
}
