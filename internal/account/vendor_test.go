package account_test

import (
	"testing"

	"crs/internal/account"
)

func TestWhoseModelsAnAccountHasIsToldByItsAddress(t *testing.T) {
	t.Parallel()
	p := account.Platform{Hosts: []string{"vendor.com"}}
	for address, want := range map[string]bool{
		"": true, "https://api.vendor.com/v1": true, "https://VENDOR.com": true, "https://eu.api.vendor.com:8443": true,
		"https://api.notvendor.com": false, "https://vendor.com.example": false, "http://127.0.0.1:1/vendor.com": false, "https://[::1": false,
	} {
		if p.AtVendor(&account.Account{BaseURL: address}) != want {
			t.Errorf("%s: not %v", address, want)
		}
	}
}
