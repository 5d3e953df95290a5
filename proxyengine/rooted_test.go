package proxyengine_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"crs/ctl"
	"crs/lab/crstest"
)

// TestAModelMayBeCalledByAPath where it stands in the body alone: vLLM and its like serve files by their path.
func TestAModelMayBeCalledByAPath(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.AccountOn("openai-responses", "a", func(a *ctl.NewAccount) { a.Map = map[string]string{"llama": "/models/llama"} })
	key := b.Key("k")
	for name, status := range map[string]int{"llama": 200, "/models/llama": 200, "a//b": 200, "a?b": 200, "a#b": 200, `a\\b`: 200, "../../x": 400, "/models/../x": 400} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL+"/openai/v1/chat/completions", strings.NewReader(fmt.Sprintf(`{"model":"%s","messages":[{"role":"user","content":"x"}]}`, name)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key)
		if got := b.Do(req); got.Status != status {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	accounts, err := b.Accounts(t.Context())
	if err != nil || len(accounts) != 1 || accounts[0].State != "ready" {
		t.Errorf("%+v, %v", accounts, err)
	}
}

// TestAMapIsHeldToWhereItsPlatformSaysNames: one that puts them into a path refuses what leads elsewhere there.
func TestAMapIsHeldToWhereItsPlatformSaysNames(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	for _, platform := range []string{"bedrock", "azure-openai", "gemini-api"} {
		a := ctl.NewAccount{Platform: platform, Name: platform, APIKey: "AIza-1", BaseURL: b.Sim.URL(), Options: map[string]string{}, Map: map[string]string{"x": "/models/x"}}
		if platform == "bedrock" {
			a.Options = map[string]string{"region": "us-east-1", "auth": "bearer"}
		}
		if _, err := b.AddAccount(t.Context(), a); err == nil || !strings.Contains(err.Error(), "cannot be asked for") {
			t.Errorf("%s: %v", platform, err)
		}
	}
}
