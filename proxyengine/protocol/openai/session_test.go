package openai_test

import (
	"testing"

	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

func session(t *testing.T, service, rest string, header ...provider.Field) string {
	t.Helper()
	got, err := inspect(service, `{"model":"m",`+rest+`}`, header...)
	if err != nil {
		t.Fatal(err)
	}
	return got.Session
}

func TestAClientSaysWhichSessionItIs(t *testing.T) {
	t.Parallel()
	const body = `"prompt_cache_key":"cache","session_id":"body","conversation_id":"talk","messages":[{"role":"user","content":"x"}]`
	names := []string{"session-id", "Session_ID", "conversation_id", "X-Session-Id", "thread-id"}
	for i, name := range names {
		header := provider.Header{field("user-agent", "x")}
		for _, later := range names[i+1:] {
			header = append(header, field(later, "later"))
		}
		if got := session(t, openai.Chat, body, append(header, field(name, "this"))...); got != "this" {
			t.Errorf("%s: %q", name, got)
		}
	}
	for rest, want := range map[string]string{
		body: "cache", `"prompt_cache_key":"","session_id":"body","conversation_id":"talk","messages":[]`: "body",
		`"session_id":7,"conversation_id":"talk","messages":[]`: "talk", `"messages":[]`: "", `"messages":[{"role":"system","content":"s"}]`: "",
	} {
		if got := session(t, openai.Chat, rest); got != want {
			t.Errorf("%s: %q", rest, got)
		}
	}
}

func TestAConversationIsKnownByHowItBegins(t *testing.T) {
	t.Parallel()
	const system, user, more = `{"role":"system","content":"you, \"[are]\""}`, `{"role":"user","content":"hello"}`, `{"role":"assistant","content":"hi"}`
	same := [][3]string{
		{openai.Chat, `"messages":[` + system + `,` + user + `]`, `"messages": [ ` + system + `, ` + user + ` , ` + more + `]`},
		{openai.Chat, `"messages":[` + user + `]`, `"messages":[` + user + `,` + more + `,` + system + `]`},
		{openai.Responses, `"instructions":"be","input":[` + user + `]`, `"input":[` + user + `,{"type":"reasoning","encrypted_content":"x"},` + more + `],"instructions":"be"`},
		{openai.Responses, `"input":"hello"`, `"input":"hello","temperature":1`},
		{openai.Compact, `"input":[` + system + user + `]`, `"input":[` + system + user + `]`},
	}
	for _, c := range same {
		if a, b := session(t, c[0], c[1]), session(t, c[0], c[2]); a != b || a == "" && c[0] != openai.Compact {
			t.Errorf("%s is in %q\n%s is in %q", c[1], a, c[2], b)
		}
	}
	other := [][3]string{
		{openai.Chat, `"messages":[` + system + `,` + user + `]`, `"messages":[` + user + `]`},
		{openai.Chat, `"messages":[` + user + `]`, `"messages":[{"role":"user","content":"bye"}]`},
		{openai.Responses, `"input":"hello"`, `"input":"hello","instructions":"be"`},
	}
	for _, c := range other {
		if a, b := session(t, c[0], c[1]), session(t, c[0], c[2]); a == b {
			t.Errorf("%s and %s are taken for one conversation", c[1], c[2])
		}
	}
	if got := session(t, openai.Embeddings, `"input":"hello"`); got != "" {
		t.Errorf("vectors belong to no conversation: %q", got)
	}
}

func TestStateThatOneAccountHoldsIsNoticed(t *testing.T) {
	t.Parallel()
	for rest, want := range map[string]bool{
		`"input":[{"type":"reasoning","summary":[],"encrypted_content":"gAAAA"}]`:                      true,
		`"input":[{"type":"reasoning","encrypted_content" : "gAAAA"}]`:                                 true,
		`"input":[{"encrypted_content":null},{"encrypted_content":"g"}]`:                               true,
		`"input":[{"type":"reasoning","encrypted_content":null}]`:                                      false,
		`"input":[{"type":"reasoning","encrypted_content":""}]`:                                        false,
		`"input":[{"role":"user","content":"say \"encrypted_content\":\"x\""}]`:                        false,
		`"input":[{"role":"user","content":"encrypted_content"},":"]`:                                  false,
		`"include":["reasoning.encrypted_content"],"input":"x","previous_response_id":null`:            false,
		`"input":"x","previous_response_id":"resp_1"`:                                                  true,
		`"input":"x","previous_response_id":""`:                                                        false,
		`"input":"x","conversation":{"id":"conv_1"}`:                                                   true,
		`"input":[{"type":"function_call_output","output":"{\"encrypted_content\":\"x\"}"}],"store":0`: false,
	} {
		if got, err := inspect(openai.Responses, `{"model":"m",`+rest+`}`); err != nil || got.Hard != want {
			t.Errorf("%s: %v, %v", rest, got.Hard, err)
		}
	}
}
