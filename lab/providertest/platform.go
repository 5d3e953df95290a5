package providertest

import (
	"slices"
	"strings"
	"testing"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// platforms: what is said of each is enough to add an account, and true.
func (s *Suite) platforms(t *testing.T) {
	t.Parallel()
	for name, is := range s.Provider.Platforms() {
		if is.Title == "" || is.Permission == "" || len(is.Ways) == 0 || is.Options == nil != (len(is.Options) == 0) {
			t.Errorf("%s: %+v", name, is)
		}
		s.ways(t, name, &is)
		for i := range is.Options {
			s.option(t, name, &is.Options[i])
		}
	}
}

// ways are those that the provider has code for, each with an example.
func (s *Suite) ways(t *testing.T, name string, is *account.Platform) {
	t.Helper()
	_, imports := s.Provider.(provider.Importer)
	_, browses := s.Provider.(provider.Authorizer)
	_, devices := s.Provider.(provider.DeviceAuthorizer)
	can := map[account.Way]bool{account.ByKey: true, account.ByFile: imports, account.ByBrowser: browses, account.BySetupToken: browses, account.ByDevice: devices, account.ByService: imports}
	for _, w := range is.Ways {
		if !can[w] || is.Examples[w] == "" {
			t.Errorf("%s: %s: the provider can: %v; example: %q", name, w, can[w], is.Examples[w])
		}
	}
	for w := range is.Examples {
		if !slices.Contains(is.Ways, w) {
			t.Errorf("%s: there is an example of %s, which it has not", name, w)
		}
	}
	file := slices.Contains(is.Ways, account.ByFile)
	if file != (is.File != "") || file && s.Files[name] == "" {
		t.Errorf("%s: a file is imported: %v, from %q; the suite has %d bytes", name, file, is.File, len(s.Files[name]))
	}
}

// option is said in a form and in a flag's help, and its values are checked.
func (s *Suite) option(t *testing.T, name string, o *account.Option) {
	t.Helper()
	if o.Label == "" || strings.Count(o.Help, "`") != 2 || !strings.HasPrefix(o.Help, "`") || strings.HasSuffix(o.Help, ".") {
		t.Errorf("%s: %+v", name, o)
	}
	if o.Default != "" && !slices.Contains(o.Values, o.Default) {
		t.Errorf("%s: the default of %s is none of its values", name, o.Name)
	}
	checker, ok := s.Provider.(provider.Checker)
	if !ok || o.Values == nil {
		return
	}
	acc := &account.Account{Name: "a", Platform: name, BaseURL: "https://api.example.com", Options: map[string]string{}}
	for _, other := range s.Provider.Platforms()[name].Options {
		if other.Required {
			acc.Options[other.Name] = "us-east-1"
		}
	}
	acc.Credential.Kind = account.APIKey
	acc.Options[o.Name] = "no-such-value"
	if err := checker.Check(acc); err == nil || !strings.Contains(err.Error(), "is none of "+strings.Join(o.Values, ", ")) {
		t.Errorf("%s: %s=no-such-value: %v", name, o.Name, err)
	}
}
