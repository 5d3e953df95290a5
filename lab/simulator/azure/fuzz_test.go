package azure

import (
	"encoding/json"
	"testing"

	"crs/lab/simulator/openai"
	"crs/lab/simulator/provider"
)

func FuzzDeployment(f *testing.F) {
	for _, seed := range []string{"my-gpt", "a%20b", "%zz", "%22", "a/b", ""} {
		f.Add(seed)
	}
	a := New(provider.Options{})
	f.Fuzz(func(t *testing.T, name string) {
		path := deployments + name + "/chat/completions"
		if a.Find("POST", path) == nil {
			return
		}
		c := &provider.Call{Number: 1, Method: "POST", Path: path, Body: []byte(`{"messages":[{}]}`)}
		if bad := openai.ReadDeployed(c, "messages", deployment(path, "/chat/completions")); bad != nil {
			t.Fatalf("%q: %+v", name, bad)
		}
		answer := openai.Chat{}.Answer(c, provider.Plain(), provider.Options{}.Usage, "")
		if !json.Valid(answer.Body) {
			t.Errorf("%q is answered as %s", name, answer.Body)
		}
	})
}
