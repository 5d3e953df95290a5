package config_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"crs/internal/config"
)

func TestEveryOptionIsDocumentedAndItsDefaultIsValid(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for _, o := range config.Options() {
		if o.Accepts == "" || !strings.HasSuffix(o.Doc, ".") {
			t.Errorf("%s: accepts %q, doc %q", o.Key, o.Accepts, o.Doc)
		}
		if other, taken := names[o.Env]; taken {
			t.Errorf("%s and %s share %s", o.Key, other, o.Env)
		}
		names[o.Env] = o.Key
		if strings.HasPrefix(o.Key, "providers.") {
			continue
		}
		loaded, err := config.Load(in(t, "", o.Env+"="+o.Default))
		if err != nil {
			t.Errorf("the default of %s: %v", o.Key, err)
			continue
		}
		if e := entry(t, loaded, o.Key); e.Value != o.Default && o.Key != "data" && o.Key != "socket" {
			t.Errorf("%s: default %q comes back as %q", o.Key, o.Default, e.Value)
		}
	}
}

func TestOptionsAndEntriesHoldEveryFieldOfConfig(t *testing.T) {
	t.Parallel()
	want := append(fields(t, reflect.TypeFor[config.Config](), ""), "providers.NAME.api_url", "providers.NAME.authorize_url",
		"providers.NAME.token_url", "providers.NAME.KEY")
	var got []string
	for _, o := range config.Options() {
		got = append(got, o.Key)
	}
	sameLines(t, got, want)

	var entries []string
	for _, e := range mustLoad(t, in(t, "")).Entries() {
		entries = append(entries, e.Key)
		if e.Doc == "" || e.Origin == "" {
			t.Errorf("entry %+v", e)
		}
	}
	sameLines(t, entries, want[:len(want)-4])
}

// fields lists the keys of Config by the names of its fields and tags.
func fields(t *testing.T, table reflect.Type, prefix string) []string {
	var keys []string
	for field := range table.Fields() {
		tag := field.Tag.Get("key")
		switch {
		case field.Name == "Providers":
		case tag == "" || strings.ToLower(field.Name) != strings.ReplaceAll(tag, "_", ""):
			t.Errorf("field %s has key %q", field.Name, tag)
		case field.Type.Kind() == reflect.Struct:
			keys = append(keys, fields(t, field.Type, prefix+tag+".")...)
		default:
			keys = append(keys, prefix+tag)
		}
	}
	return keys
}

func TestEveryOptionRefusesNonsense(t *testing.T) {
	t.Parallel()
	for _, o := range config.Options() {
		if strings.HasPrefix(o.Key, "providers.") || o.Key == "data" || strings.HasSuffix(o.Key, "_file") || o.Key == "tls.certificate" || o.Key == "tls.key" { // any text is a path
			continue
		}
		nonsense := "no /such/ value"
		if o.Key == "socket" {
			nonsense = strings.Repeat("x", 200)
		}
		got := problems(t, in(t, "", o.Env+"="+nonsense))
		if len(got) != 1 || !strings.HasPrefix(got[0], o.Key+" = ") || !strings.HasSuffix(got[0], " in "+o.Env+": want "+o.Accepts) {
			t.Errorf("%s: %q", o.Key, got)
		}
	}
}

func TestAddressesToListenOn(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"127.0.0.1:3000": true, ":0": true, "[::1]:80": true, "localhost:65535": true, "relay.example.com:1": true,
		"127.0.0.1": false, ":": false, ":http": false, ":65536": false, ":-1": false, "::1:80": false, "http://h:1": false, "a b:1": false,
	} {
		src := in(t, "")
		src.Flags = map[string]string{"listen": text}
		if _, err := config.Load(src); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestURLsOfProviders(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"https://api.example.com": true, "http://127.0.0.1:8080/v1": true, "https://[::1]:1": true,
		"api.example.com": false, "//api.example.com": false, "https://": false, "https://:80": false, "unix:///x": false,
		"https://a b": false, "https://h:99999": false, "https://h?": false, "https://h#": false, "https://u@h": false, "": false,
	} {
		src := in(t, "providers.x.api_url = '"+text+"'")
		if _, err := config.Load(src); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheEntriesAreTheCallers(t *testing.T) {
	t.Parallel()
	loaded := mustLoad(t, in(t, ""))
	before := loaded.Entries()
	kept := slices.Clone(before)
	before[0].Value = "changed"
	if !slices.Equal(loaded.Entries(), kept) {
		t.Error("a change to the slice reached the configuration")
	}
}

func TestURLsOfRedis(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"redis://127.0.0.1": true, "redis://crs@h:6379/3": true, "rediss-cluster://a:1,b:2,c:3": true, "redis-sentinel://a,b/main/2": true, "": true,
		"redis://:hunter2@h": false, "redis://crs:hunter2@h": false, "redis://h?password=hunter2": false, "http://h": false, "redis://": false, "h:6379": false,
	} {
		src := in(t, "")
		src.Flags = map[string]string{"redis.url": text}
		_, err := config.Load(src)
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "redis.password_file") || !strings.Contains(err.Error(), "in --redis:")) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestMetricsAreOpenedToEverybodyOnlyInSoManyWords: there is no password on them.
func TestMetricsAreOpenedToEverybodyOnlyInSoManyWords(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"": true, "127.0.0.1:9464": true, "localhost:9464": true, "[::1]:9464": true, "0.0.0.0:9464": true, "[::]:9464": true, "127.0.0.1:0": true,
		":9464": false, "9464": false, "127.0.0.1": false, "127.0.0.1:port": false, "http://127.0.0.1:9464": false, "[]:9464": false, " :9464": false,
	} {
		_, err := config.Load(config.Source{UID: 1, Environ: []string{"CRS_CONFIG=" + os.DevNull, "CRS_DATA=" + t.TempDir()}, Flags: map[string]string{"metrics.listen": address}})
		if (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}
