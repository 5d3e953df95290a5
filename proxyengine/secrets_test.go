package proxyengine

import (
	"testing"

	"crs/internal/account"
	"crs/internal/secret"
)

// TestTheAccountsOwnAddressIsTakenOut of what an upstream says, in whatever part and place: a host of one label and a folder, too.
func TestTheAccountsOwnAddressIsTakenOut(t *testing.T) {
	t.Parallel()
	words := scrubberOf(&account.Account{BaseURL: "http://vllm-node-7:8000/litellm-prod/v1", Proxy: secret.New("http://squid:3128")}, nil, presented(""))
	for said, want := range map[string]string{
		"no route for vllm-node-7":                                   "no route for [address]",
		"VLLM-NODE-7 is down, squid too":                             "[address] is down, [address] too",
		"Cannot POST /litellm-prod/v1/messages":                      "Cannot POST /[path]/v1/messages",
		`path "/litellm-prod/v1/messages" is not served`:             `path "/[path]/v1/messages" is not served`,
		"http://vllm-node-7:8000/litellm-prod/v1/messages gave 400":  "[address] gave 400",
		"Not found: /v1/messages":                                    "Not found: /v1/messages",
		"Received Model Group=x\nAvailable Model Group Fallbacks=no": "Received Model Group=x\nAvailable Model Group Fallbacks=no",
	} {
		if got := words.Text(said); got != want {
			t.Errorf("%s became %s, not %s", said, got, want)
		}
	}
	words = scrubberOf(&account.Account{BaseURL: "http://gateway:8000/openai/v1", Proxy: secret.New("http://proxy:3128")}, nil, presented(""))
	for said, want := range map[string]string{
		"the gateway and the proxy refuse /openai/v1/responses": "the gateway and the proxy refuse /openai/v1/responses",
		"no answer from gateway:8000 by proxy:3128":             "no answer from [address] by [address]",
		"getaddrinfo ENOTFOUND gateway":                         "getaddrinfo ENOTFOUND [address]",
	} {
		if got := words.Text(said); got != want {
			t.Errorf("%s became %s, not %s", said, got, want)
		}
	}
}

// TestAProjectIsClearedForOne whether only the account's own word for it was known at first, or its shape, and once more.
func TestAProjectIsClearedForOne(t *testing.T) {
	t.Parallel()
	const said, want = "Permission denied on projects/proj-secretish for bot@x.example", "Permission denied on projects/[project] for [e-mail]"
	for _, acc := range []*account.Account{{}, {Options: map[string]string{"project": "proj-secretish"}}} {
		words := scrubberOf(acc, nil, presented(""))
		once := words.Text(said)
		if once != want {
			t.Errorf("it became %s, not %s", once, want)
		}
		if again := words.Text(once); again != want {
			t.Errorf("a second time, it became %s", again)
		}
	}
}
