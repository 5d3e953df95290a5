package translate_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"crs/proxyengine/provider"
	"crs/proxyengine/translate"
)

// shape is a request of many small things.
type shape struct {
	name, from           string
	before, item, behind string
	bounded              string // what of it is bounded by number
}

var shapes = []shape{
	{"messages", "openai/chat", `{"model":"m","messages":[`, `{"role":"user","content":"a"}`, `]}`, "messages"},
	{"messages of both sides", "openai/chat", `{"model":"m","messages":[`, `{"role":"user","content":"a"},{"role":"assistant","content":"a"}`, `]}`, "messages"},
	{"instructions", "openai/chat", `{"model":"m","messages":[`, `{"role":"system","content":"a"}`, `]}`, "messages"},
	{"parts", "openai/chat", `{"model":"m","messages":[{"role":"user","content":[`, `{"type":"text","text":"a"}`, `]}]}`, "parts of messages"},
	{"pictures", "openai/chat", `{"model":"m","messages":[{"role":"user","content":[`, `{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}`, `]}]}`, "parts of messages"},
	{"calls", "openai/chat", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[`,
		`{"id":"a","type":"function","function":{"name":"a","arguments":"{}"}}`, `]}]}`, "parts of messages"},
	{"tools", "openai/chat", `{"model":"m","messages":[{"role":"user","content":"a"}],"tools":[`, `{"type":"function","function":{"name":"a"}}`, `]}`, "tools"},
	{"stops", "openai/chat", `{"model":"m","messages":[{"role":"user","content":"a"}],"stop":[`, `"a"`, `]}`, "stop sequences"},
	{"a schema", "openai/chat", `{"model":"m","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"a","parameters":{"type":"object","x":[`,
		`{"a":[]}`, `]}}}]}`, "objects and arrays"},
	{"an enumeration", "openai/chat", `{"model":"m","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"a","parameters":{"type":"object","enum":[`,
		`"a"`, `]}}}]}`, ""},
	{"members", "openai/chat", `{"model":"m","messages":[{"role":"user","content":"a"}],`, `"metadata":{}`, `}`, "members of the request"},
	{"members of a member", "openai/chat", `{"model":"m","messages":[{"role":"user","content":"a"}],"metadata":{`, `"a":1`, `}}`, ""},
	{"one text", "openai/chat", `{"model":"m","messages":[{"role":"user","content":"`, `a\n\"\u00e9`, `"}]}`, ""},
	{"Claude's messages", "anthropic/messages", `{"model":"m","max_tokens":5,"messages":[`, `{"role":"user","content":"a"},{"role":"assistant","content":"a"}`, `]}`, "messages"},
	{"Claude's parts", "anthropic/messages", `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":[`, `{"type":"text","text":"a"}`, `]}]}`, "parts of messages"},
	{"Claude's results", "anthropic/messages", `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"a","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[`,
		`{"type":"text","text":"a"}`, `]}]}]}`, "objects and arrays"},
	{"Claude's tools", "anthropic/messages", `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"a"}],"tools":[`, `{"name":"a","input_schema":{}}`, `]}`, "tools"},
	{"Claude's system", "anthropic/messages", `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"a"}],"system":[`, `{"type":"text","text":"a"}`, `]}`, "objects and arrays"},
}

func (s shape) body(n int) []byte {
	return []byte(s.before + strings.Repeat(s.item+",", n-1) + s.item + s.behind)
}

func (s shape) targets() []string {
	if s.from == "openai/chat" {
		return []string{"anthropic/messages", "gemini/generate"}
	}
	return []string{"openai/chat", "openai/responses", "gemini/generate"}
}

// TestATranslationTakesNoMoreThanItsWeight measures what a translation allocates, garbage included, for requests that are as
// bad as the bounds allow. It runs alone, because it counts allocations.
func TestATranslationTakesNoMoreThanItsWeight(t *testing.T) {
	for _, s := range shapes {
		for _, to := range s.targets() {
			for _, n := range []int{1, 90, 1900, 19_000} {
				body := s.body(n)
				pair := translate.Pair{From: s.from, To: to}
				weight, err := pair.Weigh(body)
				if err != nil {
					continue // bounded by number
				}
				took := allocated(func() { _, _, _ = pair.Request(&provider.Inbound{Body: body}, &provider.Intent{Model: "m"}, "m") })
				if took > weight+64<<10 {
					t.Errorf("%d of %s to %s: %d bytes, %d for each, are estimated as %d", n, s.name, to, took, took/int64(n), weight)
				}
			}
		}
	}
}

func allocated(do func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// TestWhatCannotBeTranslatedIsSaidWithItsNumber: a million of anything that is taken apart is refused before it is.
func TestWhatCannotBeTranslatedIsSaidWithItsNumber(t *testing.T) {
	for _, s := range shapes {
		if s.bounded == "" {
			continue
		}
		body := s.body(300_000)
		if s.bounded == "parts of messages" || s.bounded == "messages" || s.bounded == "tools" {
			body = s.body(60_000) // fewer than of all objects
		}
		var err error
		took := allocated(func() { _, err = translate.Pair{From: s.from, To: s.targets()[0]}.Weigh(body) })
		var f *provider.Fault
		if !errors.As(err, &f) || f.Status != 400 || !strings.Contains(f.Message, "as many as can be translated") {
			t.Errorf("%s: %v", s.name, err)
		}
		if took > 1<<20 {
			t.Errorf("%s: counting took %d bytes", s.name, took)
		}
	}
}

// TestResultsFindTheirCallsInAnyOrder: of many calls, too.
func TestResultsFindTheirCallsInAnyOrder(t *testing.T) {
	t.Parallel()
	const n = 20_000
	var calls, results []string
	for i := range n {
		calls = append(calls, fmt.Sprintf(`{"type":"tool_use","id":"c%d","name":"a","input":{}}`, i))
		results = append(results, fmt.Sprintf(`{"type":"tool_result","tool_use_id":"c%d","content":"r"}`, n-1-i))
	}
	body := `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[` + strings.Join(calls, ",") +
		`]},{"role":"user","content":[` + strings.Join(results, ",") + `]}]}`
	if _, _, err := (translate.Pair{From: "anthropic/messages", To: "openai/chat"}).Request(&provider.Inbound{Body: []byte(body)}, &provider.Intent{Model: "m"}, "m"); err != nil {
		t.Error(err)
	}
}
