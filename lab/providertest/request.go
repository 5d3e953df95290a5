package providertest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// Request is what a client sends, and what goes upstream for it.
type Request struct {
	Account            *account.Account
	Service            string
	Protocol           provider.Protocol // nil means the service's own
	Path, Param, Query string
	Header             provider.Header
	Body               string
	// Want is the upstream request, as Render writes it.
	Want string
}

// Render writes a request as it would go over the wire, for comparing whole.
func Render(o *provider.Outbound) string {
	var b strings.Builder
	scheme := "http"
	if o.Endpoint.TLS {
		scheme = "https"
	}
	fmt.Fprintf(&b, "%s %s://%s%s\n", o.Method, scheme, o.Endpoint.Host, o.Target)
	for _, f := range o.Header {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
	}
	b.WriteString("\n")
	b.Write(bytes.Join(o.Body, nil))
	return b.String()
}

// relayKey is a key of the relay's own, which is nobody else's business.
const relayKey = "cr_0123456789abcdef"

// between is what stands between a client and the relay. The engine takes it off; a provider does not pass it on either.
func between() provider.Header {
	return provider.Header{
		{Name: "Authorization", Value: "Bearer " + relayKey}, {Name: "X-Api-Key", Value: relayKey}, {Name: "api-key", Value: relayKey},
		{Name: "x-goog-api-key", Value: relayKey}, {Name: "Proxy-Authorization", Value: "Basic eA=="}, {Name: "Cookie", Value: "session=1"},
		{Name: "X-Forwarded-For", Value: "10.0.0.1"}, {Name: "X-Forwarded-Host", Value: "relay.example"}, {Name: "X-Forwarded-Proto", Value: "https"},
		{Name: "Forwarded", Value: "for=10.0.0.1"}, {Name: "X-Real-IP", Value: "10.0.0.1"}, {Name: "Via", Value: "1.1 nginx"}, {Name: "CF-Connecting-IP", Value: "10.0.0.1"},
		{Name: "Host", Value: "relay.example"}, {Name: "Connection", Value: "keep-alive"}, {Name: "Keep-Alive", Value: "5"}, {Name: "TE", Value: "trailers"},
		{Name: "Transfer-Encoding", Value: "chunked"}, {Name: "Content-Length", Value: "7"}, {Name: "Content-Encoding", Value: "zstd"}, {Name: "Expect", Value: "100-continue"},
		{Name: "Upgrade", Value: "websocket"}, {Name: "Accept-Encoding", Value: "gzip, br"}, {Name: "Origin", Value: "https://relay.example"}, {Name: "Referer", Value: "https://relay.example/"},
		{Name: "x-amz-security-token", Value: "theirs"}, {Name: "x-amz-date", Value: "20200101T000000Z"},
	}
}

func (s *Suite) requests(t *testing.T) {
	t.Parallel()
	for platform, facts := range s.Provider.Platforms() {
		for _, service := range facts.Services {
			if !s.requested(platform, bare(service)) {
				t.Errorf("no request for %s on platform %s", bare(service), platform)
			}
		}
	}
	for name, r := range s.Requests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.request(t, &r)
		})
	}
}

func (s *Suite) requested(platform, service string) bool {
	for _, r := range s.Requests {
		if r.Account.Platform == platform && r.Service == service {
			return true
		}
	}
	return false
}

func (s *Suite) request(t *testing.T, r *Request) {
	body := []byte(r.Body)
	out := s.prepare(t, r, body, r.Header)
	if got := Render(out); got != r.Want {
		t.Errorf("got\n%s\nwant\n%s", got, r.Want)
	}
	if string(body) != r.Body {
		t.Error("the client's body was changed")
	}
	if unchanged := string(bytes.Join(out.Body, nil)) == r.Body && len(body) > 0; unchanged && (len(out.Body) != 1 || &out.Body[0][0] != &body[0]) {
		t.Error("the client's body was copied although nothing is changed in it")
	}
	if secret := r.Account.Credential.Secret.Reveal(); strings.Contains(out.Target, secret) || bytes.Contains(bytes.Join(out.Body, nil), []byte(secret)) {
		t.Error("the credential stands outside the header")
	}
	if got := Render(s.prepare(t, r, body, append(between(), r.Header...))); got != r.Want {
		t.Errorf("something of the way between client and relay went upstream:\n%s\nwant\n%s", got, r.Want)
	}
	framing(t, out.Header)
}

// prepare reads the request as its protocol does, and has it prepared. Nothing that is shared may be changed.
func (s *Suite) prepare(t *testing.T, r *Request, body []byte, header provider.Header) *provider.Outbound {
	t.Helper()
	protocol := r.Protocol
	if protocol == nil {
		protocol = protocolOf(r.Service)
	}
	in := &provider.Inbound{Method: "POST", Path: r.Path, Param: r.Param, Query: r.Query, Header: slices.Clone(header), Body: body}
	want, err := protocol.Inspect(r.Service, in)
	if err != nil {
		t.Fatal(err)
	}
	before, asked := *r.Account, want
	out, err := s.Provider.Prepare(in, &want, r.Account)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before, *r.Account) || !reflect.DeepEqual(asked, want) || !reflect.DeepEqual(header, in.Header) && len(header) > 0 {
		t.Error("the account, the intent or the client's header was changed")
	}
	return out
}

// framing: the engine says where a request goes and how long it is; a second word on it would be smuggling.
func framing(t *testing.T, h provider.Header) {
	t.Helper()
	for _, f := range h {
		switch name := strings.ToLower(f.Name); name {
		case "host", "content-length", "transfer-encoding", "connection", "content-encoding":
			t.Errorf("the header says %s", name)
		}
		if strings.ContainsAny(f.Name+f.Value, "\r\n\x00") {
			t.Errorf("%q: %q breaks the head", f.Name, f.Value)
		}
	}
	for _, once := range []string{"authorization", "content-type", "accept-encoding"} {
		if n := len(h.Values(once)); n > 1 {
			t.Errorf("%s stands there %d times", once, n)
		}
	}
}
