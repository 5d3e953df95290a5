package config_test

import (
	"slices"
	"strings"
	"testing"

	"crs/internal/config"
)

func TestWhatClientsAreServedWith(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`certificate = "/a"`: "belong together",
		`key = "/a"`:         "belong together",
		"certificate = \"/a\"\nkey = \"/b\"\nacme_domains = \"a.example\"": "exclude each other",
		`acme_domains = "*.example.com"`:                                   "want domains",
		`acme_domains = "localhost"`:                                       "want domains",
		`acme_domains = "https://a.com"`:                                   "want domains",
		`certificate = "relative.pem"`:                                     "absolute path",
		`min_version = "1.1"`:                                              "one of 1.2, 1.3",
		`acme_email = "somebody"`:                                          "an address such as",
	} {
		got := problems(t, in(t, "[tls]\n"+text))
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s: %q", text, got)
		}
	}
	c := mustLoad(t, in(t, "[tls]\nacme_domains = \"a.example.com, b.example.com,\"")).Config.TLS
	if !c.On() || !slices.Equal(c.Domains(), []string{"a.example.com", "b.example.com"}) {
		t.Errorf("%+v", c)
	}
	if (config.TLS{}).On() {
		t.Error("TLS is on by itself")
	}
}

func TestTrustedProxiesAreAddressesAndNetworks(t *testing.T) {
	t.Parallel()
	mustLoad(t, in(t, "[limits]\ntrusted_proxies = \"10.0.0.1, 192.168.0.0/16,2001:db8::/32\""))
	for _, bad := range []string{"proxy", "10.0.0.0/33", "10.0.0.1 10.0.0.2"} {
		if got := problems(t, in(t, "[limits]\ntrusted_proxies = \""+bad+"\"")); len(got) != 1 {
			t.Errorf("%s: %q", bad, got)
		}
	}
}

func TestTheSampleSetsNothing(t *testing.T) {
	t.Parallel()
	for _, e := range mustLoad(t, in(t, config.Sample)).Entries() {
		if strings.HasPrefix(e.Origin, "file") {
			t.Errorf("%s comes from the sample", e.Key)
		}
	}
	var set strings.Builder // and what it shows can be set
	for line := range strings.Lines(config.Sample) {
		if rest, ok := strings.CutPrefix(line, "# "); ok && (strings.HasPrefix(rest, "[") || strings.Contains(rest, " = ")) {
			set.WriteString(rest)
		}
	}
	mustLoad(t, in(t, set.String()))
}
