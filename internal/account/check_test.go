package account_test

import (
	"strings"
	"testing"

	"crs/internal/account"
	"crs/internal/secret"
)

// TestWhatCannotBeSentIsNoAccount: a line break in a credential, an option or a name would be another field or another place.
func TestWhatCannotBeSentIsNoAccount(t *testing.T) {
	t.Parallel()
	good := func() account.Account {
		return account.Account{
			Name: "a", Platform: "p", BaseURL: "https://h.example/v1", Options: map[string]string{"region": "us-east-1"}, Map: map[string]string{"a": "b/c"},
			Credential: account.Credential{Kind: account.APIKey, Secret: secret.New("sk-hush/+=:~"), Refresh: secret.New("rt-hush")},
		}
	}
	if a := good(); a.Validate() != nil {
		t.Fatal(a.Validate())
	}
	for _, bad := range []string{"hush\r", "hush\n", "hush\r\nX-Evil: 1", "hu\x00sh", "\ufeffhush", "hu sh", "hu\tsh", " hush", "hush ", "hüsh", "hu\x7fsh", "hu\x1bsh", "hu\u2028sh", "hush\u00a0", "hu\xffsh", strings.Repeat("x", 16<<10+1)} {
		for where, change := range map[string]func(*account.Account){
			"the credential": func(a *account.Account) { a.Credential.Secret = secret.New(bad) },
			"the refresh":    func(a *account.Account) { a.Credential.Refresh = secret.New(bad) },
		} {
			a := good()
			change(&a)
			if err := a.Validate(); err == nil || strings.Contains(err.Error(), "sh") && strings.Contains(err.Error(), bad) || strings.Contains(err.Error(), "Evil") {
				t.Errorf("%s is %q: %v", where, bad, err)
			}
		}
	}
	for where, change := range map[string]func(*account.Account){
		"an option with a line break":      func(a *account.Account) { a.Options["project"] = "x\r\nX-Evil: 1" },
		"an option with a NUL":             func(a *account.Account) { a.Options["project"] = "x\x00" },
		"an option that is too long":       func(a *account.Account) { a.Options["project"] = strings.Repeat("x", 1025) },
		"an option without a name":         func(a *account.Account) { a.Options[""] = "x" },
		"a name that leads elsewhere":      func(a *account.Account) { a.Map["a"] = "../x" },
		"a base URL with a password":       func(a *account.Account) { a.BaseURL = "https://u:p@h" },
		"a base URL with a query":          func(a *account.Account) { a.BaseURL = "https://h?key=x" },
		"a base URL with an empty query":   func(a *account.Account) { a.BaseURL = "https://h?" },
		"a base URL with a fragment":       func(a *account.Account) { a.BaseURL = "https://h#x" },
		"a base URL with a line break":     func(a *account.Account) { a.BaseURL = "https://h/\r\nx" },
		"a base URL with a blank in it":    func(a *account.Account) { a.BaseURL = "https://h h/" },
		"a base URL with letters of other": func(a *account.Account) { a.BaseURL = "https://hüst/" },
		"a base URL of another scheme":     func(a *account.Account) { a.BaseURL = "file:///etc/passwd" },
	} {
		a := good()
		change(&a)
		if a.Validate() == nil {
			t.Errorf("%s passed", where)
		}
	}
}
