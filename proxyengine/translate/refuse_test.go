package translate_test

import (
	"errors"
	"strings"
	"testing"

	"crs/proxyengine/provider"
	"crs/proxyengine/translate"
)

// TestWhatCannotBeSaidIsRefusedByItsName: the message begins with the field, as the client wrote it.
func TestWhatCannotBeSaidIsRefusedByItsName(t *testing.T) {
	t.Parallel()
	user := `"messages":[{"role":"user","content":"x"}]`
	part := func(p string) string {
		return `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":[{"type":"text","text":"x"},` + p + `]}]}`
	}
	call := `{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}`
	tests := []struct{ from, to, body, says string }{
		{"chat", "messages", ``, "invalid JSON"},
		{"chat", "messages", `[]`, "invalid JSON"},
		{"chat", "messages", `{"messages":[{]}`, "invalid JSON"},
		{"chat", "messages", `{"messages":[01]}`, "invalid JSON"},
		{"chat", "messages", `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, "invalid JSON"},
		{"chat", "messages", `{"messages":[],"m\u0065ssages":[]}`, "messages: it is there twice"},
		{"chat", "messages", `{}`, "messages: there must be"},
		{"chat", "messages", `{"messages":[]}`, "messages: there must be"},
		{"chat", "messages", `{"messages":{}}`, "messages: it must be an array"},
		{"chat", "messages", `{"messages":["x"]}`, "messages[0].role: it must be"},
		{"chat", "messages", `{"messages":[{"role":"function","name":"f","content":"x"}]}`, "messages[0].role: it must be"},
		{"chat", "messages", `{"messages":[{"role":"user","content":7}]}`, "messages[0].content: it must be an array"},
		{"chat", "messages", `{"messages":[{"role":"user","content":" \n"}]}`, "messages[0]: there must be something"},
		{"chat", "messages", part(`{"type":"input_audio","input_audio":{"data":"","format":"wav"}}`), "messages[2].content[1].type: input_audio cannot be"},
		{"chat", "messages", part(`{"type":"video_url"}`), "messages[2].content[1].type: it must be text, image_url"},
		{"chat", "messages", part(`{"type":"text"}`), "messages[2].content[1].text: it must be a string"},
		{"chat", "messages", part(`{"type":"image_url","image_url":{"url":"data:image/tiff;base64,AA=="}}`), "messages[2].content[1]: Claude reads"},
		{"chat", "messages", part(`{"type":"image_url","image_url":{"url":"ftp://x"}}`), "messages[2].content[1].image_url.url: it must be an http"},
		{"chat", "messages", part(`{"type":"image_url","image_url":{"url":"data:image/png,abc"}}`), "messages[2].content[1].image_url.url: a data: URL must hold base64"},
		{"chat", "messages", part(`{"type":"image_url","image_url":{"url":"data:;base64,abc"}}`), "messages[2].content[1].image_url.url: a data: URL"},
		{"chat", "messages", part(`{"type":"file","file":{"file_id":"file-1"}}`), "messages[2].content[1].file.file_id: the file lies with OpenAI"},
		{"chat", "messages", part(`{"type":"file","file":{"file_data":"data:application/zip;base64,AA=="}}`), "messages[2].content[1].file.file_data: application/zip cannot"},
		{"chat", "messages", part(`{"type":"file","file":{"file_data":"https://x"}}`), "messages[2].content[1].file.file_data: it must be a data: URL"},
		{"chat", "messages", part(`{"type":"file","file":{"file_data":"data:text/plain;base64,*"}}`), "messages[2].content[1].file.file_data: it is not base64"},
		{"chat", "messages", `{"messages":[{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x"}}]}]}`, "messages[0].content[0].type: there can only be text"},
		{"chat", "messages", `{"messages":[{"role":"assistant","audio":{"id":"a"}}]}`, "messages[0].audio: it lies with OpenAI"},
		{"chat", "messages", `{"messages":[{"role":"assistant","function_call":{}}]}`, "messages[0].function_call: it has been replaced"},
		{"chat", "messages", `{"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"custom"}]}]}`, "messages[0].tool_calls[0].type: only function"},
		{"chat", "messages", `{"messages":[{"role":"assistant","tool_calls":[{"type":"function"}]}]}`, "messages[0].tool_calls[0].id: it must be a string"},
		{"chat", "messages", `{"messages":[{"role":"tool","content":"x"}]}`, "messages[0].tool_call_id: it must be a string"},
		{"chat", "messages", `{"messages":[{"role":"user","content":"x"},` + call + `]}`, `messages[1].tool_calls[0].id: the call "c1" has no result`},
		{"chat", "messages", `{"messages":[{"role":"user","content":"x"},` + call + `,{"role":"user","content":"y"}]}`, `messages[1].tool_calls[0].id: the call "c1" has no result`},
		{"chat", "generate", `{"messages":[{"role":"user","content":"x"},` + call + `,{"role":"tool","tool_call_id":"c2","content":""}]}`, `messages[2].tool_call_id: no call in the turn before has the id "c2"`},
		{"chat", "messages", `{"functions":[],` + user + `}`, "functions: it has been replaced"},
		{"chat", "messages", `{"function_call":"auto",` + user + `}`, "function_call: it has been replaced"},
		{"chat", "messages", `{"tools":[{"type":"function","function":{"name":"a"}},{"type":"custom","custom":{}}],` + user + `}`, "tools[1].type: only function tools"},
		{"chat", "messages", `{"tools":[{"type":"function","function":{"name":"a.b"}}],` + user + `}`, "tools[0].function.name: Claude takes"},
		{"chat", "generate", `{"tools":[{"type":"function","function":{"name":"1"}}],` + user + `}`, "tools[0].function.name: Gemini takes"},
		{"chat", "messages", `{"tools":[{"type":"function","function":{"name":"a","parameters":[]}}],` + user + `}`, "tools[0].function.parameters: it must be a JSON schema"},
		{"chat", "messages", `{"tool_choice":"any",` + user + `}`, "tool_choice: it must be auto, required or none"},
		{"chat", "messages", `{"tool_choice":{"type":"custom"},` + user + `}`, "tool_choice.type: only function"},
		{"chat", "messages", `{"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{}]}},` + user + `}`, "tool_choice.allowed_tools.tools[0].function.name: it must be a string"},
		{"chat", "messages", `{"n":2,` + user + `}`, "n: only one answer"},
		{"chat", "messages", `{"modalities":["text","audio"],` + user + `}`, "modalities[1]: only text"},
		{"chat", "messages", `{"audio":{},` + user + `}`, "audio: the account"},
		{"chat", "messages", `{"web_search_options":{},` + user + `}`, "web_search_options: the account"},
		{"chat", "messages", `{"reasoning_effort":"huge",` + user + `}`, "reasoning_effort: it must be one of none"},
		{"chat", "messages", `{"response_format":{"type":"grammar"},` + user + `}`, "response_format.type: it must be text"},
		{"chat", "messages", `{"response_format":{"type":"json_schema","json_schema":{"name":"x"}},` + user + `}`, "response_format.json_schema.schema: it must be"},
		{"chat", "messages", `{"temperature":"hot",` + user + `}`, "temperature: it must be a number"},
		{"chat", "messages", `{"max_tokens":-1,` + user + `}`, "max_tokens: it must be a whole number"},
		{"chat", "messages", `{"max_completion_tokens":1.5,` + user + `}`, "max_completion_tokens: it must be a whole number"},
		{"chat", "messages", `{"stop":[1],` + user + `}`, "stop[0]: it must be a string"},
		{"chat", "generate", `{"stop":["1","2","3","4","5","6"],` + user + `}`, "stop[5]: Gemini takes no more than 5"},
		{"chat", "messages", `{"parallel_tool_calls":"no",` + user + `}`, "parallel_tool_calls: it must be true or false"},
		{"chat", "messages", `{"thinking":{"type":"enabled"},` + user + `}`, "thinking: this relay knows no such field"},
		{"chat", "messages", `{"` + strings.Repeat("x", 5000) + `":1,` + user + `}`, strings.Repeat("x", 80) + "…: this relay knows no such field"},

		{"completions", "messages", `{}`, "prompt: it must be there"},
		{"completions", "messages", `{"prompt":[]}`, "prompt: it must be there"},
		{"completions", "messages", `{"prompt":7}`, "prompt: it must be an array"},
		{"completions", "messages", `{"prompt":["a","b"]}`, "prompt[1]: only one prompt"},
		{"completions", "generate", `{"prompt":[1,2]}`, "prompt[0]: it must be a string; tokens"},
		{"completions", "messages", `{"prompt":[[1]]}`, "prompt[0]: it must be a string; tokens"},
		{"completions", "messages", `{"prompt":"x","suffix":"y"}`, "suffix: nothing can be written"},
		{"completions", "messages", `{"prompt":"x","echo":true}`, "echo: the prompt cannot"},
		{"completions", "messages", `{"prompt":"x","best_of":3}`, "best_of: only one answer"},
		{"completions", "messages", `{"prompt":"x","n":3}`, "n: only one answer"},
		{"completions", "messages", `{"prompt":"x","tools":[]}`, "tools: this relay knows no such field"},

		{"messages", "chat", `{"model":"m"}`, "messages: there must be"},
		{"messages", "chat", `{"messages":[{"role":"tool","content":"x"}]}`, "messages[0].role: it must be user"},
		{"messages", "chat", `{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}]}`, `messages[0].content[0].source.type: "file" lies with Anthropic`},
		{"messages", "chat", `{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":"AA=="}}]}]}`, "messages[0].content[0].source.media_type: it must be"},
		{"messages", "chat", `{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://x"}}]}]}`, "messages[0].content[0].source: chat completions read no documents"},
		{"messages", "chat", `{"messages":[{"role":"user","content":[{"type":"container_upload","file_id":"f"}]}]}`, `messages[0].content[0].type: "container_upload" cannot`},
		{"messages", "chat", `{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}]}`, `messages[0].content[0].tool_use_id: no call`},
		{"messages", "chat", `{"messages":[{"role":"user","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}]}`, "messages[0].content[0]: only a model says this"},
		{"messages", "chat", `{"messages":[{"role":"assistant","content":[{"type":"tool_result","tool_use_id":"a"}]}]}`, "messages[0].content[0].type: a result stands"},
		{"messages", "chat", `{"messages":[{"role":"assistant","content":[{"type":"image","source":{"type":"url","url":"https://x"}}]}]}`, "messages[0].content[0]: a model says only"},
		{"messages", "chat", `{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"x"}]}]}`, "messages[0].content[0].input: it must be an object"},
		{"messages", "chat", `{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"thinking","thinking":"x"}]}]}]}`, "messages[1].content[0].content[0]: only a model says this"},
		{"messages", "chat", `{"system":[{"type":"image","source":{"type":"url","url":"https://x"}}],` + user + `}`, "system[0].type: there can only be text"},
		{"messages", "chat", `{"tools":[{"type":"bash_20250124","name":"bash"}],` + user + `}`, "tools[0].type: only custom tools"},
		{"messages", "chat", `{"tools":[{"name":"a","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}],` + user + `}`, "tools[1].type: chat completions have no web search"},
		{"messages", "chat", `{"tools":[{"name":"a"}],` + user + `}`, "tools[0].input_schema: it must be"},
		{"messages", "responses", `{"tools":[{"name":"` + strings.Repeat("a", 65) + `","input_schema":{}}],` + user + `}`, "tools[0].name: OpenAI takes up to 64"},
		{"messages", "chat", `{"tool_choice":{"type":"some"},` + user + `}`, "tool_choice.type: it must be auto"},
		{"messages", "chat", `{"thinking":{"type":"lots"},` + user + `}`, "thinking.type: it must be"},
		{"messages", "chat", `{"thinking":{"type":"enabled"},` + user + `}`, "thinking.budget_tokens: it must be"},
		{"messages", "chat", `{"output_config":{"effort":"none"},` + user + `}`, "output_config.effort: it must be low"},
		{"messages", "chat", `{"output_config":{"format":{"type":"text"}},` + user + `}`, "output_config.format.type: it must be json_schema"},
		{"messages", "chat", `{"output_format":{"type":"json_schema"},` + user + `}`, "output_format.schema: it must be"},
		{"messages", "chat", `{"mcp_servers":[{"url":"x"}],` + user + `}`, "mcp_servers[0]: only Anthropic"},
		{"messages", "chat", `{"container":"c",` + user + `}`, "container: only Anthropic"},
		{"messages", "chat", `{"inference_geo":"us",` + user + `}`, "inference_geo: only Anthropic"},
		{"messages", "chat", `{"stop_sequences":["1","2","3","4","5"],` + user + `}`, "stop_sequences[4]: OpenAI takes no more than 4"},
		{"messages", "responses", `{"stop_sequences":["1"],` + user + `}`, "stop_sequences[0]: OpenAI's responses know no stop sequences"},
		{"messages", "generate", `{"brand_new":1,` + user + `}`, "brand_new: this relay knows no such field"},
	}
	for _, tt := range tests {
		_, _, err := codec(t, services[tt.from], services[tt.to]).Request(&provider.Inbound{Body: []byte(tt.body)}, &provider.Intent{Model: "m"}, "claude-opus-4-8")
		var f *provider.Fault
		if !errors.As(err, &f) || f.Status != 400 || f.Kind != provider.BadRequest || !strings.HasPrefix(f.Message, tt.says) {
			t.Errorf("%s to %s, %.300s:\n%v, want %s", tt.from, tt.to, tt.body, err, tt.says)
		}
	}
}

func TestASchemaIsRefusedForAModelThatCannotKeepIt(t *testing.T) {
	t.Parallel()
	body := `{"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{}}},"messages":[{"role":"user","content":"x"}]}`
	_, _, err := codec(t, services["chat"], services["messages"]).Request(&provider.Inbound{Body: []byte(body)}, &provider.Intent{Model: "m"}, "claude-3-haiku-20240307")
	if err == nil || err.Error() != "response_format: the model claude-3-haiku-20240307 cannot be held to a schema" {
		t.Errorf("%v", err)
	}
}

func TestOnlyTheKnownPairsAreFound(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for from, a := range services {
		for to, b := range services {
			if c, ok := translate.Find(a, b); ok && c != nil {
				found[from+" "+to] = true
			}
		}
	}
	want := []string{"chat messages", "chat generate", "completions messages", "completions generate", "messages chat", "messages responses", "messages generate"}
	for _, w := range want {
		if !found[w] {
			t.Errorf("no codec for %s", w)
		}
	}
	if len(found) != len(want) {
		t.Errorf("found are %v", found)
	}
	if _, ok := translate.Find("openai/embeddings", services["messages"]); ok {
		t.Error("embeddings are not translated")
	}
}

// TestOnlyWhoAsksIsPassedOn: what else a client's header says is about its own protocol.
func TestOnlyWhoAsksIsPassedOn(t *testing.T) {
	t.Parallel()
	in := &provider.Inbound{Body: []byte(`{"messages":[{"role":"user","content":"x"}]}`), Header: provider.Header{
		{Name: "User-Agent", Value: "OpenAI/Go"}, {Name: "OpenAI-Beta", Value: "x"}, {Name: "anthropic-beta", Value: "x"}, {Name: "Content-Type", Value: "text/plain"},
		{Name: "X-Stainless-Lang", Value: "go"}, {Name: "Accept", Value: "*/*"}, {Name: "x-app", Value: "cli"}, {Name: "session_id", Value: "s"},
	}}
	out, _, err := codec(t, services["chat"], services["messages"]).Request(in, &provider.Intent{Model: "m"}, "claude")
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Header) != 2 || out.Header.Get("content-type") != "application/json" || out.Header.Get("user-agent") != "OpenAI/Go" || out.Method != "POST" {
		t.Errorf("%+v", out)
	}
}
