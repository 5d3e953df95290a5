package config_test

import (
	"strings"
	"testing"
	"unicode"

	"crs/internal/config"
)

// FuzzLoad holds for any file: Load does not panic, what it accepts can be given again by the environment, and what
// it reports fits on the lines of a terminal.
func FuzzLoad(f *testing.F) {
	for _, file := range []string{
		"",
		"listen = ':1'\n[limits]\nbody_max = '1MiB'\nconnections = 5\n",
		"[providers.claude]\napi_url = 'http://h'\nclient_secret = 's'\n",
		"providers = { a = { b = 'c' } }\nsticky.ttl = '1d'\n",
		"[[providers]]\na = 1\n[log]\n[log]\n",
		"\"a.b\\n\" = [1, {c = 2}]\nretry.hold = 0\nx = 1979-05-27\ny = nan\n",
		"listen = \"a\nb\"",
		"a = '''\n\n'''\r\nb = { c = 1, d = {} }",
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		loaded, err := config.Load(in(t, string(file)))
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if line == "" || strings.ContainsFunc(line, unicode.IsControl) {
					t.Errorf("a line of the error is %q", line)
				}
			}
			return
		}
		var environ []string
		for _, e := range loaded.Entries() {
			if !strings.HasPrefix(e.Key, "providers.") && e.Key != "data" && e.Key != "socket" {
				environ = append(environ, "CRS_"+strings.ToUpper(strings.ReplaceAll(e.Key, ".", "_"))+"="+e.Value)
			}
		}
		again, err := config.Load(in(t, "", environ...))
		if err != nil {
			t.Fatalf("what was loaded is not valid in the environment: %v", err)
		}
		for i, e := range again.Entries() {
			if before := loaded.Entries()[i]; before.Value != e.Value && e.Key != "data" && e.Key != "socket" {
				t.Errorf("%s = %q came back as %q", e.Key, before.Value, e.Value)
			}
		}
	})
}
