package config_test

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"crs/internal/config"
	"crs/internal/secret"
)

func TestALaterLayerCoversAnEarlierOne(t *testing.T) {
	t.Parallel()
	tests := []struct {
		key, file, env, flag                               string
		byDefault, wantFromFile, wantFromEnv, wantFromFlag string
	}{
		{"listen", `":1"`, ":2", ":3", "127.0.0.1:3000", ":1", ":2", ":3"},
		{"time_zone", `"UTC"`, "Europe/Berlin", "Asia/Tokyo", "", "UTC", "Europe/Berlin", "Asia/Tokyo"},
		{"log.level", `"debug"`, "warn", "error", "info", "debug", "warn", "error"},
		{"limits.body_max", `"1MiB"`, "2000", "3MB", "32MiB", "1MiB", "2kB", "3MB"},
		{"limits.connections", `11`, "12", "13", "20000", "11", "12", "13"},
		{"timeouts.first_byte_json", `"1h30m"`, "1d", "90s", "10m", "1h30m", "1d", "1m30s"},
		{"retry.ambiguous", `false`, "true", "false", "true", "false", "true", "false"},
		{"usage.keep", `"1w"`, "36h", "2w1d", "90d", "7d", "36h", "15d"},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			t.Parallel()
			variable := "CRS_" + strings.ToUpper(strings.ReplaceAll(tt.key, ".", "_"))
			with := func(file, env, flag bool) config.Entry {
				src := in(t, "")
				if file {
					src = in(t, tt.key+" = "+tt.file)
				}
				if env {
					src.Environ = append(src.Environ, variable+"="+tt.env)
				}
				if flag {
					src.Flags = map[string]string{tt.key: tt.flag}
				}
				e := entry(t, mustLoad(t, src), tt.key)
				e.Origin = strings.ReplaceAll(e.Origin, strings.TrimPrefix(src.Environ[1], "CRS_DATA="), "DIR")
				e.Doc = ""
				return e
			}
			same := func(got config.Entry, value, origin string) {
				t.Helper()
				if want := (config.Entry{Key: tt.key, Value: value, Origin: origin}); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
			}
			same(with(false, false, false), tt.byDefault, "default")
			same(with(true, false, false), tt.wantFromFile, "file DIR/config.toml:1")
			same(with(true, true, false), tt.wantFromEnv, "env "+variable)
			same(with(true, true, true), tt.wantFromFlag, "flag --"+tt.key)
			same(with(true, false, true), tt.wantFromFlag, "flag --"+tt.key)
		})
	}
}

func TestDefaultsAreWhatTheDesignSays(t *testing.T) {
	t.Parallel()
	got := mustLoad(t, config.Source{UID: 0, Environ: []string{"CRS_CONFIG=" + os.DevNull}}).Config
	want := config.Config{
		Listen: "127.0.0.1:3000",
		Data:   "/var/lib/crs",
		Socket: "/run/crs/crs.sock",
		TLS:    config.TLS{MinVersion: "1.2", ACMEURL: "https://acme-v02.api.letsencrypt.org/directory"},
		Log:    config.Log{Level: slog.LevelInfo, Format: "text"},
		Limits: config.Limits{
			ConnectionsPerIP: 1000, FailedAuth: 100,
			BodyMax: 32 << 20, BodyBudget: 512 << 20, BodyWait: 10 * time.Second, BodyRate: 16 << 10, HeaderMax: 8 << 10, Connections: 20000,
		},
		Timeouts: config.Timeouts{
			Header: 10 * time.Second, Body: 30 * time.Second, Connect: 10 * time.Second, FirstByte: 120 * time.Second,
			FirstByteJSON: 600 * time.Second, Idle: 300 * time.Second, WriteStall: 30 * time.Second,
			KeepAlive: 120 * time.Second, UpstreamIdle: 55 * time.Second, Takeover: 30 * time.Second, Drain: time.Hour, Shutdown: 30 * time.Second,
		},
		Upstream: config.Upstream{Client: "pool"},
		Retry: config.Retry{
			MaxAttempts: 4, Ambiguous: true, AccountWait: 10 * time.Second, Backoff: 250 * time.Millisecond, Hold: 5 * time.Second,
		},
		Sticky:     config.Sticky{TTL: time.Hour},
		Backup:     config.Backup{Keep: 3},
		Disconnect: config.Disconnect{Policy: "cancel", Drain: 30 * time.Second},
		Usage:      config.Usage{Keep: 90 * 24 * time.Hour, MaxBytes: 2 << 30, Reserve: 4 << 20, Buffer: 64 << 20, Commit: 100 * time.Millisecond},
		Prices:     config.Prices{Unknown: "dearest"},
		Cooldown: config.Cooldown{
			Auth: 30 * time.Minute, Quota: 30 * time.Minute, Throttle: time.Minute, Failures: 5, Failing: 30 * time.Second,
			Jitter: 30 * time.Second,
		},
		Redis:   config.Redis{Prefix: "crs", OnOutage: "local", Wait: 2 * time.Second, LogBytes: 256 << 20, KeepDays: 800 * 24 * time.Hour},
		Metrics: config.Metrics{Keys: 100, Accounts: 100, Models: 100},
		Alert:   config.Alert{Format: "json", After: time.Minute},
		Audit:   config.Audit{Keep: 365 * 24 * time.Hour, MaxBytes: 64 << 20},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestProvidersAreOpenTables(t *testing.T) {
	t.Parallel()
	loaded := mustLoad(t, in(t, `
		[providers.claude]
		api_url = "http://127.0.0.1:1"
		token_url = "http://127.0.0.1:2/token"
		client_id = "public"
		[providers]
		gemini-api = { client_secret = "s3cret", region = "eu" }
	`,
		"CRS_PROVIDERS_CLAUDE_API_URL=http://127.0.0.1:3",
		"CRS_PROVIDERS_CLAUDE_AUTHORIZE_URL=http://127.0.0.1:4",
		"CRS_PROVIDERS_GEMINI_API_REGION=us",
		"CRS_PROVIDERS_AZURE_OPENAI_API_URL=https://azure.example.com",
	))
	want := map[string]config.Provider{
		"claude": {
			APIURL: "http://127.0.0.1:3", AuthorizeURL: "http://127.0.0.1:4", TokenURL: "http://127.0.0.1:2/token",
			Settings: map[string]string{"client_id": "public"},
		},
		"gemini-api": {
			Settings: map[string]string{"region": "us"},
			Secrets:  map[string]secret.String{"client_secret": secret.New("s3cret")},
		},
		"azure-openai": {APIURL: "https://azure.example.com"},
	}
	if got := loaded.Config.Providers; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if e := entry(t, loaded, "providers.claude.api_url"); e.Value != "http://127.0.0.1:3" || e.Origin != "env CRS_PROVIDERS_CLAUDE_API_URL" {
		t.Errorf("got %+v", e)
	}
	if e := entry(t, loaded, "providers.gemini-api.client_secret"); !strings.HasSuffix(e.Origin, "config.toml:7") || e.Doc == "" {
		t.Errorf("got %+v", e)
	}
}

func TestTheNamesOfProvidersDecideWhereAVariableIsSplit(t *testing.T) {
	t.Parallel()
	src := in(t, "", "CRS_PROVIDERS_CLAUDE_CONSOLE_BETA=x", "CRS_PROVIDERS_CLAUDE_CONSOLE_API_URL=http://h", "CRS_PROVIDERS_CLAUDE_BETA=y")
	src.Providers = []string{"claude", "claude-console", "gemini"}
	want := map[string]config.Provider{
		"claude":         {Settings: map[string]string{"beta": "y"}},
		"claude-console": {APIURL: "http://h", Settings: map[string]string{"beta": "x"}},
	}
	if got := mustLoad(t, src).Config.Providers; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAFileThatNobodyNamedMayBeMissing(t *testing.T) {
	t.Parallel()
	src := in(t, "")
	loaded := mustLoad(t, src)
	if loaded.FileRead || filepath.Base(loaded.File) != "config.toml" {
		t.Errorf("File = %s, read %t", loaded.File, loaded.FileRead)
	}

	missing := filepath.Join(t.TempDir(), "nope.toml")
	src.File = missing
	if _, err := config.Load(src); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("named by flag: %v", err)
	}
	src.File = ""
	src.Environ = append(src.Environ, "CRS_CONFIG="+missing)
	if _, err := config.Load(src); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("named by CRS_CONFIG: %v", err)
	}
}

func TestTheFlagNamesTheFileBeforeTheVariable(t *testing.T) {
	t.Parallel()
	src := in(t, "listen = ':1'")
	named := filepath.Join(t.TempDir(), "named.toml")
	write(t, named, "listen = ':2'")
	src.Environ = append(src.Environ, "CRS_CONFIG="+named)
	if loaded := mustLoad(t, src); loaded.Config.Listen != ":2" || loaded.File != named || !loaded.FileRead {
		t.Errorf("by variable: %s from %s", loaded.Config.Listen, loaded.File)
	}
	other := filepath.Join(t.TempDir(), "other.toml")
	write(t, other, "listen = ':3'")
	src.File = other
	if loaded := mustLoad(t, src); loaded.Config.Listen != ":3" || loaded.File != other {
		t.Errorf("by flag: %s from %s", loaded.Config.Listen, loaded.File)
	}
}

func TestADirectoryGivenByFlagOrVariableHoldsEverything(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "config.toml"), "listen = ':1'")
	sources := map[string]config.Source{
		"flag":     {Flags: map[string]string{"data": dir}, Environ: []string{"CRS_DATA=/elsewhere"}},
		"variable": {Environ: []string{"CRS_DATA=" + dir}},
	}
	for name, src := range sources {
		loaded := mustLoad(t, src)
		cfg := loaded.Config
		if cfg.Data != dir || cfg.Socket != filepath.Join(dir, "crs.sock") || loaded.File != filepath.Join(dir, "config.toml") || cfg.Listen != ":1" {
			t.Errorf("%s: data %s, socket %s, file %s, listen %s", name, cfg.Data, cfg.Socket, loaded.File, cfg.Listen)
		}
	}
}

func TestARelativePathOnTheCommandLineIsTheWorkingDirectorys(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	loaded := mustLoad(t, config.Source{Flags: map[string]string{"data": "x", "socket": "y/z.sock"}})
	if cfg := loaded.Config; cfg.Data != here+"/x" || cfg.Socket != here+"/y/z.sock" || loaded.File != here+"/x/config.toml" {
		t.Errorf("data %s, socket %s, file %s", cfg.Data, cfg.Socket, loaded.File)
	}
}

func TestAFileMayGiveThePlacesThatTheUserHasNone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "c.toml")
	write(t, file, "data = '/srv/crs'\nsocket = '/srv/crs.sock'")
	if cfg := mustLoad(t, config.Source{UID: 5, File: file}).Config; cfg.Data != "/srv/crs" || cfg.Socket != "/srv/crs.sock" {
		t.Errorf("data %s, socket %s", cfg.Data, cfg.Socket)
	}
	write(t, file, "data = '/srv/crs'")
	for _, src := range []config.Source{{UID: 5, File: file}, {UID: 5}} {
		if _, err := config.Load(src); err == nil || !strings.Contains(err.Error(), "HOME is not set") {
			t.Errorf("Load(%+v) = %v", src, err)
		}
	}
}

func TestAnEmptyVariableIsNotSet(t *testing.T) {
	t.Parallel()
	loaded := mustLoad(t, in(t, "listen = ':1'", "CRS_LISTEN=", "CRS_LIMITS_BODY_MAX="))
	if loaded.Config.Listen != ":1" || loaded.Config.Limits.BodyMax != 32<<20 {
		t.Errorf("listen %s, body_max %s", loaded.Config.Listen, loaded.Config.Limits.BodyMax)
	}
}

func TestVariablesThatOthersSetAreNoMistake(t *testing.T) {
	t.Parallel()
	mustLoad(t, in(t, "", "CRS_TEST_REDIS=redis://h", "CRSX=1", "crs_listen=1",
		"CRS_SERVICE_HOST=10.0.0.1", "CRS_SERVICE_PORT_HTTP=1", "CRS_PORT=tcp://10.0.0.1:1", "CRS_PORT_3000_TCP_ADDR=10.0.0.1"))
}

func TestTheTimeZoneIsTheHostsUnlessNamed(t *testing.T) {
	t.Parallel()
	if zone, err := (config.Config{}).Location(); err != nil || zone != time.Local {
		t.Errorf("empty: %v, %v", zone, err)
	}
	if zone, err := (config.Config{TimeZone: "Europe/Berlin"}).Location(); err != nil || zone.String() != "Europe/Berlin" {
		t.Errorf("named: %v, %v", zone, err)
	}
	if _, err := (config.Config{TimeZone: "Nowhere"}).Location(); err == nil {
		t.Error("a zone that does not exist was found")
	}
}
