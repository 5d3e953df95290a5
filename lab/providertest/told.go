package providertest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"crs/internal/sse"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// told has the provider's errors told to the clients of every protocol, as each kind of fault, before and inside a stream.
func (s *Suite) told(t *testing.T) {
	t.Parallel()
	messages := []string{"", "a \"quoted\"\nline \u2028 with \\ and </script>", "\xff\xfe", strings.Repeat("long ", 3000)}
	for _, name := range slices.Sorted(maps.Keys(s.Answers)) {
		a := s.Answers[name]
		want := s.intent(a.Service)
		acc := s.Account
		if a.Account != nil {
			acc = a.Account
		}
		messages = append(messages, s.Provider.Judge(&want, acc, &provider.Reply{At: s.Now, Status: a.Status, Header: a.Header, Body: []byte(a.Body), InStream: a.InStream}).Message)
	}
	for _, p := range []provider.Protocol{anthropic.Protocol{}, openai.Protocol{}, gemini.Protocol{}} {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			for kind := provider.BadRequest; kind <= provider.UpgradeRequired; kind++ {
				for _, m := range messages {
					tell(t, p, &provider.Fault{Status: 400 + int(kind), Kind: kind, Message: m, Request: "req_1"})
				}
			}
		})
	}
}

// tell checks one fault in a protocol's words.
func tell(t *testing.T, p provider.Protocol, f *provider.Fault) {
	t.Helper()
	says := string([]rune(f.Message)) // what is no text is replaced byte by byte
	contentType, body := p.Fault(f)
	if !strings.HasPrefix(contentType, "application/json") {
		t.Errorf("content type %q", contentType)
	}
	if why := shapeless(p.Name(), body, f.Status, says); why != "" {
		t.Fatalf("kind %d: %s: %s", f.Kind, why, body)
	}
	var events []string
	scan := sse.Scanner{On: func(e sse.Event) {
		events = append(events, string(e.Name))
		data := e.Data
		if p.Name() == "openai" && gjson.GetBytes(data, "response.error.message").String() != says {
			t.Fatalf("kind %d: the message is not where Responses has it: %s", f.Kind, data)
		}
		if why := shapeless(p.Name(), data, f.Status, says); why != "" {
			t.Fatalf("kind %d, as an event: %s: %s", f.Kind, why, data)
		}
	}}
	scan.Feed(p.FaultEvent(f))
	want := map[string]string{"anthropic": "error", "openai": "response.failed", "gemini": ""}[p.Name()]
	if !slices.Equal(events, []string{want}) || !scan.AtBoundary() {
		t.Fatalf("kind %d: events %q", f.Kind, events)
	}
}

// shapeless says what an error lacks in a protocol's shape; "" when nothing.
func shapeless(protocol string, body []byte, status int, says string) string {
	if !json.Valid(body) {
		return "not JSON"
	}
	e := gjson.GetBytes(body, "error")
	if e.Get("message").String() != says {
		return fmt.Sprintf("the message is %q", e.Get("message").String())
	}
	word := func(in gjson.Result, name string) bool {
		return in.Get(name).Type == gjson.String && in.Get(name).String() != ""
	}
	switch {
	case protocol == "anthropic" && (gjson.GetBytes(body, "type").String() != "error" || !word(e, "type") || gjson.GetBytes(body, "request_id").String() != "req_1"):
		return "no error of Anthropic's"
	case protocol == "openai" && (!word(e, "type") || !e.Get("code").Exists() || !e.Get("param").Exists()):
		return "no error of OpenAI's"
	case protocol == "gemini" && (!word(e, "status") || e.Get("code").Int() != int64(status)):
		return "no error of Google's"
	}
	return ""
}
