package factory_test

import (
	"testing"

	"crs/proxyengine/protocol/factory"
	"crs/proxyengine/provider"
)

func TestClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, value string
		droid       bool
	}{
		{"User-Agent", "factory-cli/0.32.1", true},
		{"user-agent", "Factory-CLI/1.0", true},
		{"X-Factory-Client", "cli", true},
		{"x-factory-client", "Droid", true},
		{"x-factory-client", "factory-cli", true},
		{"user-agent", "factory-cli/", false},
		{"user-agent", "factory-cli/x", false},
		{"user-agent", "my factory-cli/0.32.1", false},
		{"x-factory-client", "web", false},
		{"user-agent", "", false},
	} {
		got := factory.Client(provider.Header{{Name: c.name, Value: c.value}})
		if (got == factory.Droid) != c.droid {
			t.Errorf("%s: %s: %q", c.name, c.value, got)
		}
	}
	if got := factory.Client(nil); got != "" {
		t.Errorf("no header: %q", got)
	}
}
