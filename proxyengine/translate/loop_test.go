package translate_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"crs/proxyengine/provider"
	"crs/proxyengine/translate"
)

// toolLoop gives a client an answer, and has it send back what it got with a result for each call, as every client does.
func toolLoop(t testing.TB, p translate.Pair, upstream, answer string) gjson.Result {
	t.Helper()
	got, err := told(p, provider.Intent{Service: p.From, Model: "m"}, []byte(answer))
	if err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	var next string
	if p.From == services["messages"] {
		var results []string
		for _, call := range gjson.Get(got, `content.#(type=="tool_use")#.id`).Array() {
			results = append(results, `{"type":"tool_result","tool_use_id":`+call.Raw+`,"content":"done"}`)
		}
		next = fmt.Sprintf(`{"model":"m","max_tokens":30000,"thinking":{"type":"enabled","budget_tokens":2000},"messages":[{"role":"user","content":"x"},{"role":"assistant","content":%s},{"role":"user","content":[%s]}]}`,
			gjson.Get(got, "content").Raw, strings.Join(results, ","))
	} else {
		message := gjson.Get(got, "choices.0.message")
		next = `{"model":"m","reasoning_effort":"low","messages":[{"role":"user","content":"x"},` + message.Raw
		for _, call := range message.Get("tool_calls.#.id").Array() {
			next += `,{"role":"tool","tool_call_id":` + call.Raw + `,"content":"done"}`
		}
		next += `]}`
	}
	out, _, err := p.Request(&provider.Inbound{Body: []byte(next)}, &provider.Intent{Service: p.From, Model: "m"}, upstream)
	if err != nil {
		t.Fatalf("%v: %s", err, next)
	}
	if !json.Valid(out.Body) {
		t.Fatalf("not JSON: %s", out.Body)
	}
	return gjson.ParseBytes(out.Body)
}

// loops are answers with one call, and where its id, its arguments and its result's id are in the next request.
var loops = []struct {
	from, to, upstream, answer string
	id, args, result           string
	quoted                     bool // the arguments are a string in the answer
}{
	{"chat", "messages", "claude-sonnet-4-5", `{"id":"msg_1","type":"message","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"tool_use","id":%s,"name":"f","input":%s}],"stop_reason":"tool_use"}`,
		"messages.1.content.1.id", "messages.1.content.1.input", "messages.2.content.0.tool_use_id", false},
	{"chat", "generate", "gemini-3-pro", `{"responseId":"r","candidates":[{"content":{"parts":[{"functionCall":{"id":%s,"name":"f","args":%s},"thoughtSignature":"QUJD"}]},"finishReason":"STOP"}]}`,
		"contents.1.parts.0.functionCall.id", "contents.1.parts.0.functionCall.args", "contents.2.parts.0.functionResponse.id", false},
	{"messages", "chat", "kimi-k2", `{"id":"1","choices":[{"message":{"tool_calls":[{"id":%s,"type":"function","function":{"name":"f","arguments":%s}}]},"finish_reason":"tool_calls"}]}`,
		"messages.1.tool_calls.0.id", "messages.1.tool_calls.0.function.arguments", "messages.2.tool_call_id", true},
	{"messages", "responses", "gpt-5.5", `{"id":"1","status":"completed","output":[{"type":"function_call","call_id":%s,"name":"f","arguments":%s}]}`,
		"input.1.call_id", "input.1.arguments", "input.2.call_id", true},
	{"messages", "generate", "gemini-3-pro", `{"responseId":"r","candidates":[{"content":{"parts":[{"functionCall":{"id":%s,"name":"f","args":%s},"thoughtSignature":"QUJD"}]},"finishReason":"STOP"}]}`,
		"contents.1.parts.0.functionCall.id", "contents.1.parts.0.functionCall.args", "contents.2.parts.0.functionResponse.id", false},
}

// ids are what upstreams have been seen to call their calls, and what is hard.
func ids() []string {
	all := []string{
		"toolu_01A09q90qw90lq917835lq9", "toolu_vrtx_01", "call_9pw1qnScqvGrCH58HWCvFH6T", "functions.look:0", "chatcmpl-tool-0123456789abcdef0123456789abcdef",
		"0", "a b", `a"b\c`, "日本", "crsid_", "crsid_YS4x", "crsid_crsid_YS4x", "\u0000\u001f", strings.Repeat("a", 40), strings.Repeat("b", 41), strings.Repeat("c", 64),
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		id := make([]byte, 1+r.IntN(60))
		for i := range id {
			id[i] = byte(' ' + r.IntN(95))
		}
		all = append(all, string(id))
	}
	return all
}

// TestAnUpstreamSeesItsOwnIdsAgain: an id that an upstream gave a call comes back as it was, and the result carries it too.
// What Anthropic's API itself would not have given is told apart: it only has to be the same in both places.
func TestAnUpstreamSeesItsOwnIdsAgain(t *testing.T) {
	t.Parallel()
	for _, l := range loops {
		t.Run(l.from+" to "+l.to, func(t *testing.T) {
			t.Parallel()
			p := codec(t, services[l.from], services[l.to])
			for _, id := range ids() {
				args := "{}"
				if l.quoted {
					args = `"{}"`
				}
				quoted, _ := json.Marshal(id)
				next := toolLoop(t, p, l.upstream, fmt.Sprintf(l.answer, quoted, args))
				got, result := next.Get(l.id).String(), next.Get(l.result).String()
				if got != result || got == "" {
					t.Errorf("%q: the call is %q, its result is for %q", id, got, result)
				}
				if got != id && (l.to != "messages" || anthropicGives(id)) {
					t.Errorf("%q came back as %q", id, got)
				}
			}
		})
	}
}

func anthropicGives(id string) bool {
	return !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	})
}

// TestArgumentsAreNotTouched: numbers that no float holds, escapes, white space and the order of members come back.
func TestArgumentsAreNotTouched(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		`{"n": 12345678901234567890.0123456789, "e": 1E400, "z": -0, "s": "\u00e9\/é\ud83d\ude00\n", "a": [ ], "b":{ "y":1,"x":2 } }`,
		"{\n\t\"k\" : \"\\\\\\\"\" }", `{"":{"":{"":[[[null,true,false]]]}}}`, `{"a":1,"a":2}`,
	} {
		for _, l := range loops {
			p := codec(t, services[l.from], services[l.to])
			given := args
			if l.quoted {
				quoted, _ := json.Marshal(args)
				given = string(quoted)
			}
			got := toolLoop(t, p, l.upstream, fmt.Sprintf(l.answer, `"call_1"`, given)).Get(l.args)
			if plain := got.Raw; !l.quoted && plain != args || l.quoted && got.String() != args {
				t.Errorf("%s to %s: %s came back as %s", l.from, l.to, args, plain)
			}
		}
	}
}

// TestThoughtsComeBackToTheirVendor: with their signatures, in their places, and to nobody else.
func TestThoughtsComeBackToTheirVendor(t *testing.T) {
	t.Parallel()
	calls := `{"type":"tool_use","id":"toolu_1","name":"f","input":{}}`
	tests := map[string]struct{ from, to, upstream, answer, at, want string }{
		"Claude's": {"chat", "messages", "claude-sonnet-4-5", `{"content":[{"type":"thinking","thinking":"a\n\"b\"","signature":"QQ=="},{"type":"redacted_thinking","data":"ZW5j"},{"type":"text","text":"x"},` + calls + `],"stop_reason":"tool_use"}`,
			"messages.1.content", `[{"type":"thinking","thinking":"a\n\"b\"","signature":"QQ=="},{"type":"redacted_thinking","data":"ZW5j"},{"type":"text","text":"x"},` + calls + `]`},
		"Claude's, in between": {"chat", "messages", "claude-opus-5", `{"content":[{"type":"thinking","thinking":"a","signature":"QQ=="},{"type":"thinking","thinking":"b","signature":"Qg=="},` + calls + `],"stop_reason":"tool_use"}`,
			"messages.1.content", `[{"type":"thinking","thinking":"a","signature":"QQ=="},{"type":"thinking","thinking":"b","signature":"Qg=="},` + calls + `]`},
		"Claude's, empty": {"chat", "messages", "claude-opus-5", `{"content":[{"type":"thinking","thinking":"","signature":"QQ=="},` + calls + `],"stop_reason":"tool_use"}`,
			"messages.1.content", `[{"type":"thinking","thinking":"","signature":"QQ=="},` + calls + `]`},
		"Gemini's, in a chat": {"chat", "generate", "gemini-3-pro", `{"responseId":"r","candidates":[{"content":{"parts":[{"text":"t","thought":true},{"functionCall":{"id":"1","name":"f","args":{}},"thoughtSignature":"QUJD"},{"functionCall":{"id":"2","name":"f","args":{}}}]},"finishReason":"STOP"}]}`,
			"contents.1.parts", `[{"functionCall":{"id":"1","name":"f","args":{}},"thoughtSignature":"QUJD"},{"functionCall":{"id":"2","name":"f","args":{}}}]`},
		"Gemini's, in a message": {"messages", "generate", "gemini-3-pro", `{"responseId":"r","candidates":[{"content":{"parts":[{"text":"t","thought":true},{"text":"x"},{"functionCall":{"id":"1","name":"f","args":{}},"thoughtSignature":"QUJD"},{"functionCall":{"id":"2","name":"f","args":{}},"thoughtSignature":"REVG"}]},"finishReason":"STOP"}]}`,
			"contents.1.parts", `[{"text":"x"},{"functionCall":{"id":"1","name":"f","args":{}},"thoughtSignature":"QUJD"},{"functionCall":{"id":"2","name":"f","args":{}},"thoughtSignature":"REVG"}]`},
		"OpenAI's": {"messages", "responses", "gpt-5.5", `{"id":"1","status":"completed","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"gA=="},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"reasoning","summary":[],"encrypted_content":"gB=="}]}`,
			"input.#(type==\"reasoning\")#", `[{"type":"reasoning","summary":[{"type":"summary_text","text":"a\n\nb"}],"encrypted_content":"gA=="},{"type":"reasoning","summary":[],"encrypted_content":"gB=="}]`},
		"a chat's": {"messages", "chat", "deepseek-reasoner", `{"id":"1","choices":[{"message":{"reasoning_content":"hm","content":"x","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`,
			"messages.1", `{"role":"assistant","content":"x","reasoning_content":"hm","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := codec(t, services[tt.from], services[tt.to])
			next := toolLoop(t, p, tt.upstream, tt.answer)
			if got := next.Get(tt.at).Raw; got != tt.want {
				t.Errorf("it came back as\n%s\nwant\n%s", got, tt.want)
			}
			for _, other := range []string{"chat", "responses", "generate", "messages"} {
				q, known := translate.Find(p.From, services[other])
				if !known || other == tt.to {
					continue
				}
				foreign := toolLoopThrough(t, p, q.(translate.Pair), tt.answer)
				for _, seal := range []string{"QQ==", "ZW5j", "QUJD", "REVG", "gA==", "gB==", "crs:"} {
					if strings.Contains(foreign, seal) {
						t.Errorf("%s was sent a seal of %s: %s", other, tt.to, foreign)
					}
				}
			}
		})
	}
}

// toolLoopThrough sends the next request somewhere else than where the answer is from.
func toolLoopThrough(t testing.TB, p, q translate.Pair, answer string) string {
	t.Helper()
	got, err := told(p, provider.Intent{Service: p.From, Model: "m"}, []byte(answer))
	if err != nil {
		t.Fatal(err)
	}
	next := `{"model":"m","messages":[{"role":"user","content":"x"},` + gjson.Get(got, "choices.0.message").Raw
	ids := gjson.Get(got, "choices.0.message.tool_calls.#.id").Array()
	if p.From == services["messages"] {
		next = `{"model":"m","messages":[{"role":"user","content":"x"},{"role":"assistant","content":` + gjson.Get(got, "content").Raw + `}`
		ids = gjson.Get(got, `content.#(type=="tool_use")#.id`).Array()
	}
	for _, id := range ids {
		if p.From == services["messages"] {
			next += `,{"role":"user","content":[{"type":"tool_result","tool_use_id":` + id.Raw + `}]}`
		} else {
			next += `,{"role":"tool","tool_call_id":` + id.Raw + `,"content":""}`
		}
	}
	out, _, err := q.Request(&provider.Inbound{Body: []byte(next + `]}`)}, &provider.Intent{Model: "m"}, "gpt-5.5")
	if err != nil {
		t.Fatalf("%v: %s", err, next)
	}
	return string(out.Body)
}

// TestIdsThatAreUsedAgainAreToldApart: some upstreams begin to count anew in every answer.
func TestIdsThatAreUsedAgainAreToldApart(t *testing.T) {
	t.Parallel()
	body := `{"model":"m","messages":[{"role":"user","content":"x"}`
	for range 50 {
		body += `,{"role":"assistant","tool_calls":[{"id":"0","function":{"name":"f","arguments":""}},{"id":"0-2","function":{"name":"f","arguments":""}},{"id":"","function":{"name":"f","arguments":""}},{"id":"","function":{"name":"f","arguments":""}}]}`
		for _, id := range []string{"0-2", "0", "", ""} {
			body += `,{"role":"tool","tool_call_id":"` + id + `","content":"r"}`
		}
	}
	for _, to := range []string{"messages", "generate"} {
		out, _, err := codec(t, services["chat"], services[to]).Request(&provider.Inbound{Body: []byte(body + `]}`)}, &provider.Intent{Model: "m"}, "claude")
		if err != nil {
			t.Fatal(err)
		}
		var calls, results []string
		collect(gjson.ParseBytes(out.Body), &calls, &results)
		slices.Sort(calls)
		slices.Sort(results)
		if len(calls) != 200 || len(slices.Compact(slices.Clone(calls))) != 200 || !slices.Equal(calls, results) {
			t.Errorf("%s: calls %v, results %v", to, calls, results)
		}
	}
}

// TestAnIdThatOnlyLooksWrappedIsLeftAlone: it was somebody else's from the beginning.
func TestAnIdThatOnlyLooksWrappedIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"crsid_YWJj", "crsid_*", "crsid_YS4x=", "crsid_YS4y"} {
		body := `{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"` + id + `","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"` + id + `"}]}]}`
		out, _, err := codec(t, services["messages"], services["chat"]).Request(&provider.Inbound{Body: []byte(body)}, &provider.Intent{Model: "m"}, "gpt-5")
		want := id
		if id == "crsid_YS4y" {
			want = "a.2" // this one is ours
		}
		if got := gjson.GetBytes(out.Body, "messages.0.tool_calls.0.id").String(); err != nil || got != want {
			t.Errorf("%s became %q: %v", id, got, err)
		}
	}
}

// collect finds the ids of calls and of results.
func collect(v gjson.Result, calls, results *[]string) {
	v.ForEach(func(key, item gjson.Result) bool {
		switch {
		case key.String() == "tool_use_id":
			*results = append(*results, item.String())
		case key.String() == "functionResponse":
			*results = append(*results, item.Get("id").String())
		case key.String() == "functionCall":
			*calls = append(*calls, item.Get("id").String())
		case key.String() == "id" && v.Get("type").String() == "tool_use":
			*calls = append(*calls, item.String())
		case item.IsObject() || item.IsArray():
			collect(item, calls, results)
		}
		return true
	})
}
