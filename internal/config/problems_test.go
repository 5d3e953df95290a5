package config_test

import (
	"fmt"
	"strings"
	"testing"

	"crs/internal/config"
)

func TestEveryMistakeIsReportedAtOnceInTheOrderOfTheLayers(t *testing.T) {
	t.Parallel()
	src := in(t, `listen = "localhost"
data = "relative"
time_zone = "Middle/Earth"
"limits.body_max" = 4
lisetn = ":1"
body_wait = "1s"
sticky = "1h"
zebra = 1

[limits]
body_max = "32 MiX"
body_bugdet = "1GiB"
body_wait = "10"
header_max = 100
connections = "12"

[timeouts]
idle = 30
connect = "0s"
header = ["1s"]

[retry]
hold = 0
ambiguous = "no"
max_attempts = 0

[log]
level = "verbose"

[providers.claude]
api_url = "ftp://example.com"
region = 5

[disconnect.policy]
drain = true
[timeout]
`,
		"CRS_LIMITS_BODY_BUDGTE=3",
		"CRS_LISTEN=:99999",
		"CRS_RETRY_AMBIGUOUS=maybe",
		"CRS_PROVIDERS_CLAUDE_API_ULR_X=",
		"CRS_SOCKET_=1",
		"CRS_ZEBRA=1",
	)
	src.Flags = map[string]string{"listen": "", "limits.body_max": "-1", "no.such": "1"}
	duration := func(low, high string) string {
		return "want a duration from " + low + " to " + high + ", in ms, s, m, h, d or w"
	}
	sameLines(t, problems(t, src), []string{
		`listen = "localhost" in config.toml:1: want an address and port such as 127.0.0.1:3000`,
		`data = "relative" in config.toml:2: want an absolute path`,
		`time_zone = "Middle/Earth" in config.toml:3: want a time zone such as Europe/Berlin, or nothing`,
		`unknown key "\"limits.body_max\"" in config.toml:4; did you mean "limits.body_max"?`,
		`unknown key "lisetn" in config.toml:5; did you mean "listen"?`,
		`unknown key "body_wait" in config.toml:6; did you mean "limits.body_wait"?`,
		`sticky in config.toml:7: want a table, as in [sticky]`,
		`unknown key "zebra" in config.toml:8`,
		`limits.body_max = "32 MiX" in config.toml:11: want a size from 1KiB to 1GiB, in bytes or with KiB, MiB, GiB, kB, MB or GB`,
		`unknown key "limits.body_bugdet" in config.toml:12; did you mean "limits.body_budget"?`,
		`limits.body_wait = "10" in config.toml:13: ` + duration("0s", "10m"),
		`limits.header_max = 100 in config.toml:14: want a size from 1KiB to 1MiB, in bytes or with KiB, MiB, GiB, kB, MB or GB`,
		`limits.connections = "12" in config.toml:15: want a whole number from 1 to 1000000`,
		`timeouts.idle = 30 in config.toml:18: ` + duration("1ms", "1d"),
		`timeouts.connect = "0s" in config.toml:19: ` + duration("1ms", "1h"),
		`timeouts.header = (a list) in config.toml:20: ` + duration("1ms", "1h"),
		`retry.ambiguous = "no" in config.toml:24: want true or false`,
		`retry.max_attempts = 0 in config.toml:25: want a whole number from 1 to 100`,
		`log.level = "verbose" in config.toml:28: want one of debug, info, warn, error`,
		`providers.claude.api_url = "ftp://example.com" in config.toml:31: want a URL such as https://api.example.com, without user, query or fragment`,
		`providers.claude.region = 5 in config.toml:32: want text`,
		`unknown key "disconnect.policy.drain" in config.toml:35; did you mean "disconnect.policy"?`,
		`unknown key "timeout" in config.toml:36; did you mean "timeouts"?`,
		`listen = ":99999" in CRS_LISTEN: want an address and port such as 127.0.0.1:3000`,
		`retry.ambiguous = "maybe" in CRS_RETRY_AMBIGUOUS: want true or false`,
		`limits.body_max = "-1" in --limits.body_max: want a size from 1KiB to 1GiB, in bytes or with KiB, MiB, GiB, kB, MB or GB`,
		`listen = "" in --listen: want an address and port such as 127.0.0.1:3000`,
		`unknown key "no.such" in --no.such`,
	})
}

func TestAnUnknownProviderIsAMistakeWhenTheNamesAreKnown(t *testing.T) {
	t.Parallel()
	src := in(t, "[providers.cluade]\napi_url = 'http://h'\n[providers.Claude]\nbeta = 'x'\n[providers.gemni]",
		"CRS_PROVIDERS_CLUADE_TOKEN_URL=http://h", "CRS_PROVIDERS_FOO_BAR=1")
	src.Providers = []string{"claude", "gemini"}
	sameLines(t, problems(t, src), []string{
		`unknown key "providers.cluade.api_url" in config.toml:2; did you mean "providers.claude.api_url"?`,
		`unknown key "providers.Claude.beta" in config.toml:4; did you mean "providers.claude.beta"?`,
		`unknown key "providers.gemni" in config.toml:5`,
	})
}

// TestAVariableThatSetsNothingIsOnlyWarnedOf: it may be a client's, as CRS_KEY is, which the documents have people export.
func TestAVariableThatSetsNothingIsOnlyWarnedOf(t *testing.T) {
	t.Parallel()
	src := in(t, "", "CRS_LISTEN=:1", "CRS_ZEBRA=secret", "CRS_LIMITS_BODY_BUDGTE=secret", "CRS_KEY=cr_secret", "CRS_SOCKET_=secret", "CRS_EMPTYY=",
		"CRS_PROVIDERS_CLUADE_TOKEN_URL=http://h", "CRS_PROVIDERS_FOO_BAR=1", "CRS_TEST_REDIS=x", "OTHER=1")
	src.Providers = []string{"claude", "gemini"}
	loaded, err := config.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Config.Listen != ":1" {
		t.Errorf("listen is %s", loaded.Config.Listen)
	}
	sameLines(t, loaded.Warnings, []string{
		`unknown variable CRS_EMPTYY in the environment`,
		`unknown variable CRS_KEY in the environment: clients are told their key with it, and it sets nothing here`,
		`unknown variable CRS_LIMITS_BODY_BUDGTE in the environment; did you mean "CRS_LIMITS_BODY_BUDGET"?`,
		`unknown variable CRS_PROVIDERS_CLUADE_TOKEN_URL in the environment; did you mean "CRS_PROVIDERS_CLAUDE_TOKEN_URL"?`,
		`unknown variable CRS_PROVIDERS_FOO_BAR in the environment`,
		`unknown variable CRS_SOCKET_ in the environment; did you mean "CRS_SOCKET"?`,
		`unknown variable CRS_ZEBRA in the environment`,
	})
}

func TestAFileThatIsNotTOMLSaysWhere(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, want string }{
		{"no value", "listen =\n", "config.toml:1:9: incomplete number"},
		{"no equals sign", "[log]\nlevel \"info\"\n", "config.toml:2:7: expected character ="},
		{"open string", "\n\nlisten = \"abc\n", "config.toml:3:14: basic strings cannot have new lines"},
		{"key twice", "listen = ':1'\nsocket = '/s'\nlisten = ':2'\n", "config.toml:3: key listen is already defined"},
		{"table twice", "[log]\nlevel = 'info'\n[retry]\n[log]\n", "config.toml:4: table log already exists"},
		{"value and table", "log = 1\nlog.level = 'info'\n", "config.toml: expected log to be a table, not a value"},
		{"line break in a key", "\"a\\nb\" = 1\n\"a\\nb\" = 1\n", "config.toml:2: key a?b is already defined"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sameLines(t, problems(t, in(t, tt.file)), []string{tt.want})
		})
	}
}

func TestATableInPlaceOfAValueIsAMistake(t *testing.T) {
	t.Parallel()
	sameLines(t, problems(t, in(t, "listen = {}\nproviders = 5\n[[limits]]\nbody_max = 1\n[[retry.hold]]\na = 1")), []string{
		`listen = (a table) in config.toml:1: want an address and port such as 127.0.0.1:3000`,
		`providers in config.toml:2: want a table, as in [providers]`,
		`limits in config.toml:3: want a table, as in [limits]`,
		`retry.hold = (a list) in config.toml:5: want a duration from 0s to 10m, in ms, s, m, h, d or w`,
	})
}

func TestATableWithNothingInItIsNoMistake(t *testing.T) {
	t.Parallel()
	loaded := mustLoad(t, in(t, "log = {}\n[limits]\n[providers.claude]\n[usage]\n# keep = '1d'"))
	if loaded.Config.Providers != nil {
		t.Errorf("providers %+v", loaded.Config.Providers)
	}
	mustLoad(t, in(t, "[providers]"))
}

func TestALongValueIsShortened(t *testing.T) {
	t.Parallel()
	got := problems(t, in(t, "listen = '"+strings.Repeat("é", 500)+"'"))
	sameLines(t, got, []string{`listen = "` + strings.Repeat("é", 200) + `…" in config.toml:1: want an address and port such as 127.0.0.1:3000`})
}

func TestValuesThatContradictEachOtherAreAMistake(t *testing.T) {
	t.Parallel()
	sameLines(t, problems(t, in(t, "limits.body_max = '64MiB'", "CRS_LIMITS_BODY_BUDGET=48MiB")), []string{
		`limits.body_max = 64MiB (file config.toml:1) is more than limits.body_budget = 48MiB (env CRS_LIMITS_BODY_BUDGET): the largest body would never fit`,
	})
	mustLoad(t, in(t, "limits.body_max = '64MiB'", "CRS_LIMITS_BODY_BUDGET=64MiB"))
}

func TestAMistakeCountsAlsoWhereALaterLayerCoversIt(t *testing.T) {
	t.Parallel()
	src := in(t, "listen = 'nonsense'")
	src.Flags = map[string]string{"listen": ":1"}
	if got := problems(t, src); len(got) != 1 || !strings.HasPrefix(got[0], `listen = "nonsense" in config.toml:1`) {
		t.Errorf("got %q", got)
	}
}

func TestASocketPathThatTheSystemCannotHoldIsRefused(t *testing.T) {
	t.Parallel()
	long := "/" + strings.Repeat("d", 93)
	mustLoad(t, config.Source{Environ: []string{"CRS_DATA=" + long}})
	long += "d"
	want := fmt.Sprintf(`socket = "%s/crs.sock" by default: want an absolute path of at most 103 bytes`, long)
	if _, err := config.Load(config.Source{Environ: []string{"CRS_DATA=" + long}}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	const text = "hunter2"
	valid := in(t, "[providers.a]\nclient_secret = 'x-hunter2'\nrefresh_token = 'hunter2'\napi_key = 'hunter2'\nproxy_password = 'hunter2'\nproxy = 'http://u:hunter2@h'\n",
		"CRS_PROVIDERS_A_KEY=hunter2")
	loaded := mustLoad(t, valid)
	shown := fmt.Sprintf("%+v %#v %v", loaded.Entries(), loaded.Config.Providers["a"].Secrets, loaded.Config.Providers["a"].Secrets)
	if strings.Contains(shown, text) {
		t.Errorf("a valid configuration shows a secret: %s", shown)
	}
	if got := len(loaded.Config.Providers["a"].Secrets); got != 5 {
		t.Errorf("%d secrets, want 5", got)
	}
	if e := entry(t, loaded, "providers.a.client_secret"); e.Value != "[redacted]" {
		t.Errorf("value %q", e.Value)
	}

	mistakes := []string{
		"[providers.a]\nclient_secret = ['hunter2']",
		"[alert]\nurl_file = 'https://hooks.example.com/hunter2'",
		"[providers.a]\nclient_secret = {x = 'hunter2'}",
		"[providers.a]\nclient_secret = hunter2",
		"[providers.a]\nclient_secret = 'hunter2",
		"[providers.a]\nclient_secret = 'a'\nclient_secret = 'hunter2'",
		"[providers.a]\napi_url = 'http://u:hunter2@h'",
		"[providers.a]\napi_url = 'http://u:%zzhunter2@h'",
		"[providers.a]\napi_url = 'http://u:a/hunter2@h'",
		"[providers.a]\napi_url = 'http:/u:hunter2@h'",
		"[providers.a]\ntoken_url = 'http://h?key=hunter2'",
		"[providers.a]\ntoken_url = 'http://h#hunter2'",
		"unknown = 'hunter2'",
	}
	for _, file := range mistakes {
		if got := problems(t, in(t, file)); strings.Contains(strings.Join(got, "\n"), text) {
			t.Errorf("%q is reported as %q", file, got)
		}
	}
	for _, file := range []string{"client_secret = 55555555555555555555", "client_secret = 5555.5", "client_secret = 5555-55-55"} {
		if got := problems(t, in(t, "[providers.a]\n"+file)); strings.Contains(strings.Join(got, "\n"), "5555") {
			t.Errorf("%q is reported as %q", file, got)
		}
	}
	src := in(t, "", "CRS_UNKNOWN=hunter2", "CRS_PROVIDERS_A_API_URL=hunter2@x")
	src.Flags = map[string]string{"unknown": text}
	if got := problems(t, src); strings.Contains(strings.Join(got, "\n"), text) {
		t.Errorf("reported as %q", got)
	}
}
