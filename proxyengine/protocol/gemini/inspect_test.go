package gemini_test

import (
	"errors"
	"strings"
	"testing"

	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

const pro = "gemini-2.5-pro"

// path is a path of the public API.
func path(model, action string) string { return "/v1beta/models/" + model + ":" + action }

func inspect(service, path, param, query, body string, header ...provider.Field) (provider.Intent, error) {
	return gemini.Protocol{}.Inspect(service, &provider.Inbound{Path: path, Param: param, Query: query, Header: header, Body: []byte(body)})
}

func generate(body string) (provider.Intent, error) {
	return inspect(gemini.Generate, path(pro, "generateContent"), pro, "", body)
}

func assist(body string) (provider.Intent, error) {
	return inspect(gemini.CodeAssist, "/v1internal:streamGenerateContent", "", "alt=sse", body)
}

func TestARequestOfThePublicAPIIsRead(t *testing.T) {
	t.Parallel()
	body := `{"contents":[{"role":"user","parts":[{"text":"a \"model\": trap"}]}],"systemInstruction":{"parts":[]},"generationConfig":{"maxOutputTokens":64,"temperature":1},"tools":[]}`
	got, err := inspect(gemini.Generate, path("gemini-2.5-pro-002", "streamGenerateContent"), "gemini-2.5-pro-002", "x=1&alt=sse", body,
		provider.Field{Name: "User-Agent", Value: "GeminiCLI-tui/0.61.0/gemini-2.5-pro (linux; x64; terminal)"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Service != gemini.Generate || got.Model != "gemini-2.5-pro-002" || got.Family != pro || !got.Stream || got.MaxTokens != 64 || got.Free || got.Hard ||
		got.Client != gemini.GeminiCLI || len(got.Session) != 32 || got.ModelLen != 0 || got.PromptTokens != int64(len(body))/4 {
		t.Errorf("%+v", got)
	}
}

func TestARequestOfCodeAssistIsRead(t *testing.T) {
	t.Parallel()
	body := ` {"model" : "gemini-2.5-pro","project":"crs","user_prompt_id":"p","request":{"contents":[],"session_id":"s-1","generation_config":{"max_output_tokens":7}}}`
	got, err := assist(body)
	if err != nil {
		t.Fatal(err)
	}
	if got.Service != gemini.CodeAssist || got.Model != pro || !got.Stream || got.MaxTokens != 7 || got.Session != "s-1" || body[got.ModelAt:got.ModelAt+got.ModelLen] != `"gemini-2.5-pro"` {
		t.Errorf("%+v", got)
	}
	body = `{"request":{ "model": "models/gemini-2.5-pro","contents":[{"role":"user"}]}}`
	got, err = inspect(gemini.CodeAssistCount, "/v1internal:countTokens", "", "", body)
	if err != nil || got.Model != pro || !got.Free || got.Stream || body[got.ModelAt:got.ModelAt+got.ModelLen] != `"models/gemini-2.5-pro"` || got.Session == "" {
		t.Errorf("a count: %+v, %v", got, err)
	}
}

func TestAStreamIsOfEventsWhenTheQuerySaysSo(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"alt=sse": gemini.Generate, "a=b&$alt=sse": gemini.Generate, "%24alt=sse&x": gemini.Generate,
		"": gemini.GenerateArray, "alt=json": gemini.GenerateArray, "xalt=sse": gemini.GenerateArray, "alt=sse2": gemini.GenerateArray,
	} {
		got, err := inspect(gemini.Generate, path(pro, "streamGenerateContent"), pro, query, `{"contents":[]}`)
		if err != nil || got.Service != want || !got.Stream {
			t.Errorf("%q: %+v, %v", query, got, err)
		}
	}
	if got, err := generate(`{"contents":[]}`); err != nil || got.Service != gemini.Generate || got.Stream {
		t.Errorf("no stream: %+v, %v", got, err)
	}
}

func TestWhatEachServiceNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ service, action, body, says string }{
		{gemini.Generate, "generateContent", `{}`, "contents: "},
		{gemini.Generate, "generateContent", `{"contents":null}`, "contents: "},
		{gemini.Count, "countTokens", `{}`, "contents: "},
		{gemini.Count, "countTokens", `{"generateContentRequest":{"contents":[]}}`, ""},
		{gemini.Count, "countTokens", `{"contents":[]}`, ""},
		{gemini.Embed, "embedContent", `{"contents":[]}`, "content: "},
		{gemini.Embed, "embedContent", `{"content":{}}`, ""},
		{gemini.Embed, "batchEmbedContents", `{"content":{}}`, "requests: "},
		{gemini.Embed, "batchEmbedContents", `{"requests":[{"model":"models/gemini-2.5-pro","content":{}}]}`, ""},
	} {
		got, err := inspect(c.service, path(pro, c.action), pro, "", c.body)
		if (err == nil) != (c.says == "") || err != nil && !strings.HasPrefix(err.Error(), c.says) || err == nil && (got.Free != (c.service == gemini.Count) || got.Model != pro) {
			t.Errorf("%s %s: %+v, %v", c.action, c.body, got, err)
		}
	}
}

func TestARequestThatMakesNoSenseIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	refused := func(name string, err error, says string) {
		t.Helper()
		var f *provider.Fault
		if !errors.As(err, &f) || f.Status != 400 || f.Kind != provider.BadRequest || !strings.Contains(f.Message, says) {
			t.Errorf("%s: %v, want %q", name, err, says)
		}
	}
	for _, c := range [][2]string{
		{``, "invalid JSON"},
		{`[]`, "invalid JSON"},
		{`{"contents":[]`, "invalid JSON"},
		{`{"contents":[]} trail`, "invalid JSON"},
		{`{"contents":[],"contents":[1]}`, "contents: it is there twice"},
		{`{"contents":[],"c\u006fntents":[1]}`, "contents: it is there twice"},
		{`{"contents":[],"systemInstruction":{},"system_instruction":{}}`, "system_instruction: it is there twice"},
		{`{"contents":[],"\ud":1}`, "not valid JSON"},
		{`{"contents":[],"model":"gemini-2.5-flash"}`, "another model than the path"},
		{`{"contents":[],"model":7}`, "another model than the path"},
		{`{"contents":[],"generateContentRequest":{"model":"models/x"}}`, "generateContentRequest: model: "},
		{`{"contents":[],"generateContentRequest":7}`, "generateContentRequest: invalid JSON"},
		{`{"contents":[],"requests":[{"model":"models/gemini-2.5-pro"},{"model":"x"}]}`, "requests: model: "},
		{`{"contents":[],"requests":[{"model":"gemini-2.5-pro","m\u006fdel":"x"}]}`, "requests: model: it is there twice"},
	} {
		_, err := generate(c[0])
		refused(c[0], err, c[1])
	}
	for _, model := range []string{"", "models/", "..", "a/../b", "a//b", "./a", "a\nb", `a\b`, "models/.."} {
		_, err := inspect(gemini.Generate, path(model, "generateContent"), model, "", `{"contents":[]}`)
		refused("model "+model, err, "model: ")
	}
	for _, c := range [][2]string{
		{`{}`, "request: it is not specified"},
		{`{"model":"m","request":null}`, "request: it is not specified"},
		{`{"model":"m","request":[]}`, "request: invalid JSON"},
		{`{"model":"m","request":{}}`, "request.contents: "},
		{`{"request":{"contents":[]}}`, "model: it must be a string"},
		{`{"model":"","request":{"contents":[]}}`, "model: it is empty"},
		{`{"model":"../x","request":{"contents":[]}}`, "model: it is not"},
		{`{"model":"a","model":"b","request":{"contents":[]}}`, "model: it is there twice"},
		{`{"model":"a","request":{"contents":[]},"request":{"contents":[1]}}`, "request: it is there twice"},
		{`{"model":"a","request":{"contents":[],"contents":[]}}`, "request: contents: it is there twice"},
	} {
		_, err := assist(c[0])
		refused(c[0], err, c[1])
	}
}

func TestBoundsOnAnAnswer(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]int64{
		`{"maxOutputTokens":9}`: 9, `{"max_output_tokens":9}`: 9, `{}`: 0, `null`: 0, `7`: 0, `{"maxOutputTokens":-3}`: 0, `{"maxOutputTokens":"9"}`: 0,
		`{"maxOutputTokens":9,"max_output_tokens":8}`: 0,
	} {
		if got, err := generate(`{"contents":[],"generationConfig":` + config + `}`); err != nil || got.MaxTokens != want {
			t.Errorf("%s: %d, %v", config, got.MaxTokens, err)
		}
	}
}

func TestAConversationIsKnownByItsBeginning(t *testing.T) {
	t.Parallel()
	session := func(system, contents string) string {
		t.Helper()
		got, err := generate(`{"contents":` + contents + system + `}`)
		if err != nil {
			t.Fatal(err)
		}
		return got.Session
	}
	const system, first = `,"systemInstruction":{"parts":[{"text":"s"}]}`, `[{"parts":[{"text":"a"}]}]`
	begun := session(system, first)
	if begun == "" || session(system, `[{"parts":[{"text":"a"}]} , {"parts":[{"text":"b"}]}]`) != begun {
		t.Error("it does not stay the same")
	}
	for _, other := range []string{session("", first), session(system, `[{"parts":[{"text":"x"}]}]`), session(system, `[]`)} {
		if other == begun || other == "" {
			t.Errorf("%q is another conversation", other)
		}
	}
	if got := session("", `[]`); got != "" {
		t.Errorf("nothing was said: %q", got)
	}
}

func TestFamilies(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"models/Gemini-2.5-Pro": pro, "gemini-2.5-pro-002": pro, "gemini-2.5-flash-preview-09-2025": "gemini-2.5-flash-preview",
		"gemini-2.5-flash-preview-05-20": "gemini-2.5-flash-preview", "gemini-2.5-flash-latest": "gemini-2.5-flash", "gemini-2.0-flash-exp": "gemini-2.0-flash-exp",
		"gemini-live-00-0000": "gemini-live", "-001": "-001", "": "",
	} {
		if got := gemini.Family(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestGeminiCLIIsRecognised(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"GeminiCLI/0.61.0/gemini-2.5-pro (linux; x64)": gemini.GeminiCLI, "GeminiCLI/v0.1.5 (darwin; arm64)": gemini.GeminiCLI, "GeminiCLI-tui/0.61.0/x (linux)": gemini.GeminiCLI,
		"GeminiCLI-vscode/1": gemini.GeminiCLI, "GeminiCLI": "", "GeminiCLI/": "", "GeminiCLI/x": "", "GeminiCLIx/1": "", "geminicli/1": "", "my GeminiCLI/1": "", "": "",
	} {
		if got := gemini.Client(provider.Header{{Name: "user-agent", Value: agent}}); got != want {
			t.Errorf("%s: %q", agent, got)
		}
	}
}

func FuzzInspect(f *testing.F) {
	f.Add(`{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":1},"requests":[{"model":"x"}]}`, pro, uint8(0))
	f.Add(`{"model":"gemini-2.5-pro","project":"p","request":{"model":"models/x","contents":[],"session_id":"s"}}`, "a/b", uint8(3))
	services := []string{gemini.Generate, gemini.Count, gemini.Embed, gemini.CodeAssist, gemini.CodeAssistCount}
	f.Fuzz(func(t *testing.T, body, param string, which uint8) {
		got, err := inspect(services[int(which)%len(services)], "/v1beta/models/x:batchEmbedContents", param, "", body)
		var fault *provider.Fault
		if err != nil {
			if !errors.As(err, &fault) {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		if got.Model == "" || strings.Contains(got.Model, "..") && strings.HasPrefix(got.Model, "../") || got.ModelAt+got.ModelLen > len(body) || got.MaxTokens < 0 {
			t.Errorf("%q: %+v", body, got)
		}
		if got.ModelLen > 0 && (body[got.ModelAt] != '"' || body[got.ModelAt+got.ModelLen-1] != '"') {
			t.Errorf("%q: the model stands at %q", body, body[got.ModelAt:got.ModelAt+got.ModelLen])
		}
	})
}

// TestTheTierThatIsAskedFor stands in the configuration, beside it, or in a header.
func TestTheTierThatIsAskedFor(t *testing.T) {
	t.Parallel()
	header := func(name, value string) []provider.Field { return []provider.Field{{Name: name, Value: value}} }
	for _, c := range []struct {
		more   string
		header []provider.Field
		want   string
	}{
		{``, nil, ""},
		{`,"serviceTier":"priority"`, nil, "priority"},
		{`,"service_tier":"SERVICE_TIER_FLEX"`, nil, "flex"},
		{`,"serviceTier":"Standard"`, nil, "standard"},
		{`,"serviceTier":7`, nil, ""},
		{`,"generationConfig":{"serviceTier":"flex","maxOutputTokens":5}`, nil, "flex"},
		{`,"serviceTier":"flex","generation_config":{"service_tier":"priority","max_output_tokens":5}`, nil, "priority"},
		{``, header("X-Gemini-Service-Tier", "Flex"), "flex"},
		{``, header("X-Vertex-AI-LLM-Shared-Request-Type", "priority"), "priority"},
		{``, header("X-Vertex-AI-LLM-Request-Type", "shared"), ""},
		{`,"serviceTier":"flex"`, header("x-gemini-service-tier", "priority"), "flex"},
	} {
		got, err := inspect(gemini.Generate, path(pro, "generateContent"), pro, "", `{"contents":[]`+c.more+`}`, c.header...)
		if err != nil || got.Tier != c.want || strings.Contains(c.more, "okens") && got.MaxTokens != 5 {
			t.Errorf("%s %v: %+v, %v", c.more, c.header, got, err)
		}
	}
	if got, err := assist(`{"model":"m","request":{"contents":[],"serviceTier":"priority"}}`); err != nil || got.Tier != "priority" {
		t.Errorf("wrapped: %+v, %v", got, err)
	}
}
