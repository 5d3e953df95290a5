package providertest

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"testing"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// astray are names that would lead elsewhere, wherever they are said.
func astray() []string {
	return []string{
		"..", ".", "../x", "../../admin", "x/../../y", "%2e%2e", "%2E%2e%2fx", "%252e%252e%252fx", `..\x`, `x\..\y`, "..;/x",
		"x\r\nHost: y", "x%0d%0ay", "x\x00y", "\ufeffx", "．．/x",
	}
}

// rooted are names that lead elsewhere in a path alone: some upstreams call models so.
func rooted() []string {
	return []string{"/x", "/models/x", "x/", "x//y", "x?y", "x#y", "x%3Fy", `x\y`}
}

// names has a model be called what leads elsewhere, by the client and by the operator's map, for every request of every
// platform. The one is the client's fault, the other has the account serve that model to nobody; neither goes upstream.
func (s *Suite) names(t *testing.T) {
	t.Parallel()
	for _, which := range slices.Sorted(maps.Keys(s.Requests)) {
		r := s.Requests[which]
		for _, name := range append(astray(), rooted()...) {
			fine := s.BodyNames && slices.Contains(rooted(), name)
			plain := *r.Account
			plain.Map = nil
			if plain.Options = maps.Clone(plain.Options); plain.Options != nil {
				delete(plain.Options, "deployment") // which would be asked for instead
			}
			out, err := s.called(t, &r, name, &plain)
			var fault *provider.Fault
			if refused := errors.As(err, &fault) && fault.Status == 400 && fault.Kind == provider.BadRequest && fault.Cause == nil; refused == fine || fine && err != nil {
				t.Errorf("%s: a client asks for %q: %v, %v", which, name, out, err)
			}
			mapped := *r.Account
			mapped.Map = map[string]string{"asked": name}
			fault = nil
			out, err = s.called(t, &r, "asked", &mapped)
			if refused := errors.As(err, &fault) && fault.Status == 404 && fault.Cause != nil; refused == fine || fine && err != nil {
				t.Errorf("%s: a model is mapped to %q: %v, %v", which, name, out, err)
			}
			s.checked(t, &mapped, name, fine)
		}
	}
}

// checked has an account with such a map be added.
func (s *Suite) checked(t *testing.T, acc *account.Account, name string, fine bool) {
	t.Helper()
	checker, ok := s.Provider.(provider.Checker)
	plain := *acc
	plain.Map = nil
	if !ok || cmp.Or(plain.Validate(), checker.Check(&plain)) != nil {
		return // it is refused for something else
	}
	if err := cmp.Or(acc.Validate(), checker.Check(acc)); (err == nil) != fine {
		t.Errorf("%s: an account with a map to %q is added: %v", acc.Platform, name, err)
	}
}

// called prepares a request whose model has a name.
func (s *Suite) called(t *testing.T, r *Request, name string, acc *account.Account) (*provider.Outbound, error) {
	t.Helper()
	protocol := r.Protocol
	if protocol == nil {
		protocol = protocolOf(r.Service)
	}
	in := &provider.Inbound{Method: "POST", Path: r.Path, Param: r.Param, Query: r.Query, Header: r.Header, Body: []byte(r.Body)}
	want, err := protocol.Inspect(r.Service, in)
	if err != nil {
		t.Fatal(err)
	}
	want.Model = name
	return s.Provider.Prepare(in, &want, acc)
}
