package bedrock_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

const version = `"anthropic_version":"bedrock-2023-05-31"`

func TestBodies(t *testing.T) {
	t.Parallel()
	const old, adaptive = "claude-sonnet-4", "claude-opus-4-8"
	for name, c := range map[string]struct{ model, body, want string }{
		"the model first":         {old, `{"model":"M","max_tokens":9,"messages":[]}`, `{` + version + `,"max_tokens":9,"messages":[]}`},
		"the model last":          {old, `{"max_tokens":9,"messages":[],"model":"M"}`, `{` + version + `,"max_tokens":9,"messages":[]}`},
		"all that is dropped":     {old, `{"speed":"fast","model":"M","max_tokens":9,"context_management":{},"messages":[],"diagnostics":{},"service_tier":"auto","container":"c","mcp_servers":[],"output_config":{"effort":"low"},"stream":false}`, `{` + version + `,"max_tokens":9,"messages":[]}`},
		"all that stays":          {old, "{\n \"max_tokens\": 9,\n \"model\": \"M\",\n \"messages\": [],\n \"system\": \"s\", \"metadata\": {\"user_id\":\"u\"}, \"unknown\" : 1e2\n}", "{" + version + ",\n \"max_tokens\": 9,\n \"messages\": [],\n \"system\": \"s\", \"metadata\": {\"user_id\":\"u\"}, \"unknown\" : 1e2\n}"},
		"an escaped key":          {old, `{"m\u006fdel":"M","max_tokens":9,"sp\u0065ed":"fast","messages":[]}`, `{` + version + `,"max_tokens":9,"messages":[]}`},
		"Bedrock's own members":   {old, `{"anthropic_version":"x","anthropic_beta":["context-1m-2025-08-07","oauth-2025-04-20"],"model":"M","max_tokens":9,"messages":[]}`, `{` + version + `,"anthropic_beta":["context-1m-2025-08-07"],"max_tokens":9,"messages":[]}`},
		"effort, where it exists": {adaptive, `{"model":"M","max_tokens":9,"output_config":{"effort":"low"},"messages":[]}`, `{` + version + `,"max_tokens":9,"output_config":{"effort":"low"},"messages":[]}`},

		"adaptive thinking, new model":   {adaptive, `{"model":"M","thinking":{"type":"adaptive"},"max_tokens":9000,"messages":[]}`, `{` + version + `,"thinking":{"type":"adaptive"},"max_tokens":9000,"messages":[]}`},
		"adaptive thinking, old model":   {old, `{"model":"M","thinking":{"type":"adaptive","display":"omitted"},"max_tokens":9000,"messages":[]}`, `{` + version + `,"thinking":{"type":"enabled","budget_tokens":8999},"max_tokens":9000,"messages":[]}`},
		"adaptive thinking, budget":      {old, `{"thinking" : {"type":"adaptive","budget_tokens":2048},"model":"M","max_tokens":9000,"messages":[]}`, `{` + version + `,"thinking" : {"type":"enabled","budget_tokens":2048},"max_tokens":9000,"messages":[]}`},
		"adaptive thinking, no room":     {old, `{"model":"M","thinking":{"type":"adaptive"},"max_tokens":1024,"messages":[]}`, `{` + version + `,"thinking":{"type":"disabled"},"max_tokens":1024,"messages":[]}`},
		"thinking as the client says it": {old, `{"model":"M","thinking":{"type":"enabled","budget_tokens":5},"max_tokens":9,"messages":[]}`, `{` + version + `,"thinking":{"type":"enabled","budget_tokens":5},"max_tokens":9,"messages":[]}`},

		"cache, plain":          {old, `{"model":"M","max_tokens":9,"system":[{"type":"text","cache_control":{ "type":"ephemeral" }}],"messages":[]}`, `{` + version + `,"max_tokens":9,"system":[{"type":"text","cache_control":{ "type":"ephemeral" }}],"messages":[]}`},
		"cache, ttl, old model": {old, `{"model":"M","max_tokens":9,"system":[{"cache_control":{"type":"ephemeral","ttl":"1h"}} , {"a":1}],"messages":[]}`, `{` + version + `,"max_tokens":9,"system":[{"cache_control":{"type":"ephemeral"}} , {"a":1}],"messages":[]}`},
		"cache, ttl, new model": {adaptive, `{"model":"M","max_tokens":9,"system":[{"cache_control":{"ttl":"1h","type":"ephemeral"}}],"messages":[]}`, `{` + version + `,"max_tokens":9,"system":[{"cache_control":{"ttl":"1h","type":"ephemeral"}}],"messages":[]}`},
		"cache, scope":          {old, `{"model":"M","max_tokens":9,"cache_control":{"type":"ephemeral","scope":"global"},"messages":[]}`, `{` + version + `,"max_tokens":9,"cache_control":{"type":"ephemeral"},"messages":[]}`},
		"cache, scope and ttl":  {adaptive, `{"model":"M","max_tokens":9,"tools":[{"name":"a","cache_control":{"scope":"global","ttl":"1h","type":"ephemeral"}}],"messages":[]}`, `{` + version + `,"max_tokens":9,"tools":[{"name":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[]}`},
		"cache in messages": {
			old, `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":"cache_control"},[], {"content":[{"type":"tool_result","content":[{"type":"text","text":"],\"{","cache_control":{"type":"ephemeral","x":1}}],"cache_control":{"type":"ephemeral","ttl":"5m"}}]}]}`,
			`{` + version + `,"max_tokens":9,"messages":[{"role":"user","content":"cache_control"},[], {"content":[{"type":"tool_result","content":[{"type":"text","text":"],\"{","cache_control":{"type":"ephemeral"}}],"cache_control":{"type":"ephemeral"}}]}]}`,
		},
		"cache_control that is a client's own data": {
			old, `{"model":"M","max_tokens":9,"tools":[{"name":"t","input_schema":{"properties":{"cache_control":{"type":"string","ttl":1}}}}],"messages":[{"content":[{"type":"tool_use","input":{"cache_control":{"type":"ephemeral","scope":"x"}}}]}]}`,
			`{` + version + `,"max_tokens":9,"tools":[{"name":"t","input_schema":{"properties":{"cache_control":{"type":"string","ttl":1}}}}],"messages":[{"content":[{"type":"tool_use","input":{"cache_control":{"type":"ephemeral","scope":"x"}}}]}]}`,
		},
		"a client's own tools": {old, `{"model":"M","max_tokens":9,"tools":[{"type":"custom","name":"web_search"},{"type":"bash_20250124","name":"bash"}],"messages":[]}`, `{` + version + `,"max_tokens":9,"tools":[{"type":"custom","name":"web_search"},{"type":"bash_20250124","name":"bash"}],"messages":[]}`},
	} {
		out, err := prepare(t, newAccount(), anthropic.Messages, strings.Replace(c.body, `"M"`, `"`+c.model+`"`, 1))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := string(bytes.Join(out.Body, nil)); got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, c.want)
		}
	}
}

func TestBodiesThatBedrockCannotTake(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		`{"model":"claude-opus-4-6","messages":[]}`: "max_tokens: Field required",
		`{"model":"claude-opus-4-6","max_tokens":9,"tools":[{"name":"a"},{"type":"web_search_20250305","name":"s"}],"messages":[]}`:          "tools.1.type: web_search_20250305",
		`{"model":"claude-opus-4-6","max_tokens":9,"tools":[ {"type":"code_execution_20250825","name":"s"} ],"messages":[]}`:                 "tools.0.type: code_execution_20250825",
		`{"model":"claude-opus-4-6","max_tokens":9,"mcp_servers":[{}],"tools":[{"type":"mcp_toolset","mcp_server_name":"s"}],"messages":[]}`: "tools.0.type: mcp_toolset",
	} {
		_, err := prepare(t, newAccount(), anthropic.Messages, body)
		var f *provider.Fault
		if !errors.As(err, &f) || f.Status != 400 || f.Kind != provider.BadRequest || !strings.Contains(f.Message, says) {
			t.Errorf("%s: %v", body, err)
		}
	}
	_, err := newProvider(t).Prepare(&provider.Inbound{Body: []byte(`{"max_tokens":9,`)}, &provider.Intent{Service: anthropic.Messages, Model: "claude-opus-4-6"}, newAccount())
	var f *provider.Fault
	if !errors.As(err, &f) || !strings.Contains(f.Message, "invalid JSON") {
		t.Errorf("%v", err)
	}
}

func TestACountHasRoomForItsThinking(t *testing.T) {
	t.Parallel()
	for thinking, want := range map[string]string{
		`{"type":"enabled","budget_tokens":4096}`: `{` + version + `,"max_tokens":4097,"thinking":{"type":"enabled","budget_tokens":4096}}`,
		`{"type":"adaptive"}`:                     `{` + version + `,"max_tokens":1025,"thinking":{"type":"enabled","budget_tokens":1024}}`,
	} {
		in := &provider.Inbound{Body: []byte(`{"model":"claude-sonnet-4-5","thinking":` + thinking + `}`)}
		out, err := newProvider(t).Prepare(in, &provider.Intent{Service: anthropic.CountTokens, Model: "claude-sonnet-4-5"}, newAccount())
		if err != nil {
			t.Fatal(err)
		}
		var wrapped struct {
			Input struct {
				InvokeModel struct {
					Body []byte `json:"body"`
				} `json:"invokeModel"`
			} `json:"input"`
		}
		if err := json.Unmarshal(bytes.Join(out.Body, nil), &wrapped); err != nil {
			t.Fatal(err)
		}
		if got := string(wrapped.Input.InvokeModel.Body); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestWhatStaysOfABodyIsNotCopied(t *testing.T) {
	t.Parallel()
	body := []byte(`{"model":"claude-opus-4-6","max_tokens":9,"messages":[]}`)
	in := &provider.Inbound{Body: body}
	out, err := newProvider(t).Prepare(in, &provider.Intent{Service: anthropic.Messages, Model: "claude-opus-4-6"}, newAccount())
	if err != nil {
		t.Fatal(err)
	}
	last := out.Body[len(out.Body)-1]
	if &last[len(last)-1] != &body[len(body)-1] {
		t.Error("the body was copied")
	}
}

// Whatever encoding/json reads, the rewritten body it reads too, and in it everything that must go is gone and the rest of
// the top level is as it was.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"model":"m","max_tokens":9,"messages":[]}`, `{}`, ` { } `, `{"stream":true}`, `{"max_tokens":1}`, `{"max_tokens":1,"max_tokens":2,"speed":1}`,
		`{"max_tokens":1,"thinking":{"type":"adaptive"},"system":[{"cache_control":{"type":"e","x":"]"}}]}`,
		`{"messages":[{"content":[{"content":[{"cache_control":{"type":"e","ttl":"\"},{"}}]}]}],"max_tokens":1}`,
		`{"max_tokens":1,"tools":[{"type":"web_search_1"},[],"a\\",1],"anthropic_beta":["computer-use-1",1]}`, `{"m\u006fdel":1,"max_tokens":1}`,
		`{"max_tokens":1,"system":[,{"cache_control":{"type":"e","x":1}}]}`, `{"max_tokens":1,"messages":["cache_control`,
	} {
		f.Add([]byte(seed))
	}
	p := newProvider(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		want := &provider.Intent{Service: anthropic.Messages, Model: "claude-sonnet-4"}
		out, err := p.Prepare(&provider.Inbound{Body: bytes.Clone(text)}, want, newAccount())
		var before, after map[string]any
		if json.Unmarshal(text, &before) != nil || err != nil {
			return
		}
		if err := json.Unmarshal(bytes.Join(out.Body, nil), &after); err != nil {
			t.Fatalf("%s\nbecame\n%s\n%v", text, bytes.Join(out.Body, nil), err)
		}
		if after["anthropic_version"] != "bedrock-2023-05-31" {
			t.Fatalf("%v", after["anthropic_version"])
		}
		for _, gone := range []string{"model", "stream", "speed", "mcp_servers", "output_config"} {
			if _, there := after[gone]; there {
				t.Fatalf("%s is still there", gone)
			}
		}
		for _, kept := range []string{"max_tokens", "metadata", "temperature", "tool_choice"} {
			if !reflect.DeepEqual(before[kept], after[kept]) {
				t.Fatalf("%s: %v became %v", kept, before[kept], after[kept])
			}
		}
	})
}
