package openai_test

import (
	"testing"

	"crs/internal/account"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/openai"
)

// TestTerms: ChatGPT answers default whatever it served, and a regional host is told by an account's address alone.
func TestTerms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		platform, address, asked, answered string
		tier, region                       string
	}{
		"ChatGPT, fast":           {openai.Subscription, "", "priority", "default", "priority", ""},
		"ChatGPT, silent":         {openai.Subscription, "", "priority", "", "priority", ""},
		"ChatGPT, told otherwise": {openai.Subscription, "", "priority", "flex", "flex", ""},
		"ChatGPT, as ever":        {openai.Subscription, "", "", "default", "default", ""},
		"the API":                 {openai.API, "", "priority", "default", "default", ""},
		"in the US":               {openai.API, "https://us.api.openai.com/v1", "", "default", "default", "us"},
		"in Europe":               {openai.API, "https://EU.api.openai.com", "", "default", "default", "eu"},
		"anywhere":                {openai.API, "https://api.openai.com/v1", "", "default", "default", ""},
		"xAI in the US":           {openai.API, "https://us-east-1.api.x.ai/v1", "", "", "", "us"},
		"somebody else":           {openai.API, "https://us.example.com/v1", "", "", "", ""},
	} {
		count := provider.Count{Tier: c.answered}
		new(openai.Provider).Terms(&provider.Intent{Tier: c.asked}, &account.Account{Platform: c.platform, BaseURL: c.address}, &count)
		if count.Tier != c.tier || count.Region != c.region {
			t.Errorf("%s: tier %q, region %q", name, count.Tier, count.Region)
		}
	}
}
