package azure_test

import (
	"errors"
	"strings"
	"testing"

	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/azure"
)

func FuzzPrepareNeverPanics(f *testing.F) {
	f.Add(`{"model":"azure/m","messages":[],"stream":true}`, "api-version=2024-10-21&x", "d", "v1")
	f.Fuzz(func(t *testing.T, body, query, param, surface string) {
		in := &provider.Inbound{Query: query, Param: param, Body: []byte(body)}
		want, err := openai.Protocol{Part: openai.AzurePaths}.Inspect(openai.Chat, in)
		if err != nil {
			return
		}
		out, err := azure.New().Prepare(in, &want, resource("surface", surface))
		var f *provider.Fault
		if errors.As(err, &f) {
			return
		}
		if err != nil || strings.Count(out.Target, "?") > 1+strings.Count(query, "?") || strings.Count(strings.ToLower(out.Target), "?api-version=") > 1 {
			t.Errorf("%q: %+v, %v", query, out, err)
		}
	})
}
