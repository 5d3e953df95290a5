package bedrock_test

import (
	"strings"
	"testing"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider/bedrock"
)

// TestACredentialIsKeptAsOneWord in whichever spelling it was given.
func TestACredentialIsKeptAsOneWord(t *testing.T) {
	t.Parallel()
	const id, key, token = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2Vj//8="
	for given, want := range map[string]string{
		"[default]\r\naws_access_key_id = " + id + "\r\naws_secret_access_key = " + key + "\r\n":                                      id + ":" + key,
		"export AWS_ACCESS_KEY_ID=" + id + "\nexport AWS_SECRET_ACCESS_KEY='" + key + "'\nexport AWS_SESSION_TOKEN=\"" + token + "\"": id + ":" + key + ":" + token,
		id + ":" + key + ":" + token: id + ":" + key + ":" + token, " ABSKabcdef== \n": "ABSKabcdef==", "hush": "", "ABSKab\ncd": "",
	} {
		acc := &account.Account{Name: "a", Platform: "bedrock", Credential: account.Credential{Kind: account.APIKey, Secret: secret.New(given)}}
		got, err := new(bedrock.Provider).Canonical(acc)
		if got.Reveal() != want || (err == nil) != (want != "") || err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %q, %v", given, got.Reveal(), err)
			continue
		}
		if acc.Credential.Secret = got; want != "" && acc.Validate() != nil {
			t.Errorf("%q: %v", given, acc.Validate())
		}
	}
}
