package daemon_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"crs/ctl"
	"crs/lab/crstest"
	"crs/lab/simulator"
)

func openaiSDK(t *testing.T, b *crstest.Box, mount string, more ...option.RequestOption) *openai.Client {
	c := openai.NewClient(append([]option.RequestOption{
		option.WithBaseURL(b.URL + mount), option.WithAPIKey(b.Key("k")), option.WithMaxRetries(0), option.WithHTTPClient(client(t)),
	}, more...)...)
	return &c
}

func chatParams(model string, turns ...openai.ChatCompletionMessageParamUnion) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model: model,
		Messages: append([]openai.ChatCompletionMessageParamUnion{
			openai.SystemMessage("be brief"), openai.UserMessage("say ping"),
		}, turns...),
		Tools: []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
			Name:       simulator.ToolName,
			Parameters: shared.FunctionParameters{"type": "object", "properties": map[string]any{"file_path": map[string]any{"type": "string"}}, "required": []string{"file_path"}},
		})},
	}
}

// TestOpenAIsLibraryChats with accounts of every kind: whole and streamed, with a tool's call and its result.
func TestOpenAIsLibraryChats(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		platform, mount, model string
		how                    []func(*ctl.NewAccount)
		azure                  bool
	}{
		"OpenAI":                      {platform: "openai-responses", mount: "/openai/v1", model: "gpt-5.5"},
		"OpenAI, without the version": {platform: "openai-responses", mount: "/openai", model: "gpt-5.5"},
		"Azure behind OpenAI's paths": {platform: "azure-openai", mount: "/openai/v1", model: "gpt-5.5"},
		"Azure's own paths":           {platform: "azure-openai", mount: "/azure/openai/v1", model: "gpt-5.5", azure: true},
		"Claude by its model":         {platform: "claude-console", mount: "/openai/v1", model: opus},
		"Claude beside Anthropic's":   {platform: "claude-console", mount: "/api/v1", model: opus},
		"Claude by the path":          {platform: "claude-console", mount: "/openai/claude/v1", model: "whatever", how: []func(*ctl.NewAccount){mapped("whatever", opus)}},
		"Claude on Bedrock":           {platform: "bedrock", mount: "/api/v1", model: opus},
		"Gemini by its model":         {platform: "gemini-api", mount: "/openai/v1", model: "gemini-2.5-pro"},
		"Gemini beside Anthropic's":   {platform: "gemini-api", mount: "/api/v1", model: "gemini-2.5-pro"},
		"Gemini by the path":          {platform: "gemini-api", mount: "/openai/gemini/v1", model: "gemini-2.5-flash"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn(c.platform, "a", c.how...)
			var more []option.RequestOption
			if c.azure {
				more = []option.RequestOption{option.WithHeaderDel("authorization"), option.WithHeader("api-key", b.Key("azure"))}
			}
			chat(t, b, openaiSDK(t, b, c.mount, more...), c.model)
		})
	}
	t.Run("Gemini by a Google login", func(t *testing.T) {
		t.Parallel()
		b := crstest.Start(t)
		b.CodeAssist("a", time.Hour, anyClient)
		chat(t, b, openaiSDK(t, b, "/openai/v1"), "gemini-2.5-pro")
	})
}

func chat(t *testing.T, b *crstest.Box, c *openai.Client, model string) {
	b.Script(thinks)
	first, err := c.Chat.Completions.New(t.Context(), chatParams(model))
	if err != nil {
		t.Fatal(err)
	}
	id := checkCompletion(t, first)
	second, err := c.Chat.Completions.New(t.Context(), chatParams(model, first.Choices[0].Message.ToParam(), openai.ToolMessage("it says hello", id), openai.UserMessage("another ping")))
	if err != nil {
		t.Fatal(err)
	}
	checkCompletion(t, second)
	third := streamChat(t, c, chatParams(model), true)
	id = checkCompletion(t, third)
	checkCompletion(t, streamChat(t, c, chatParams(model, third.Choices[0].Message.ToParam(), openai.ToolMessage("it says hello", id), openai.UserMessage("another ping")), true))
	if unasked := streamChat(t, c, chatParams(model), false); unasked.Usage.TotalTokens != 0 {
		t.Errorf("it was shown figures that it had not asked for: %+v", unasked.Usage)
	}
	sameBill(t, b, 5)
}

func streamChat(t *testing.T, c *openai.Client, p openai.ChatCompletionNewParams, usage bool) *openai.ChatCompletion {
	t.Helper()
	if usage {
		p.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: param.NewOpt(true)}
	}
	stream := c.Chat.Completions.NewStreaming(t.Context(), p)
	defer func() { _ = stream.Close() }()
	var whole openai.ChatCompletionAccumulator
	for stream.Next() {
		if chunk := stream.Current(); chunk.ID != "" && !whole.AddChunk(chunk) { // Azure's filter says something without an id
			t.Errorf("the library does not take %s", chunk.RawJSON())
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	return &whole.ChatCompletion
}

// checkCompletion gives the id of the tool's call.
func checkCompletion(t *testing.T, c *openai.ChatCompletion) (id string) {
	t.Helper()
	if len(c.Choices) != 1 || c.Choices[0].Message.Content != said || c.Choices[0].FinishReason != "tool_calls" || len(c.Choices[0].Message.ToolCalls) != 1 {
		t.Fatalf("completion %+v", c)
	}
	call := c.Choices[0].Message.ToolCalls[0]
	called(t, call.Function.Name, call.Function.Arguments)
	if u := c.Usage; u.PromptTokens < 9024 || u.PromptTokensDetails.CachedTokens != 9012 || u.CompletionTokens != 34 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
		t.Errorf("usage %+v", u)
	}
	return call.ID
}

func responseParams() responses.ResponseNewParams {
	return responses.ResponseNewParams{
		Model: "gpt-5.5", Store: param.NewOpt(false), Instructions: param.NewOpt("be brief"),
		Input: responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{responses.ResponseInputItemParamOfMessage("say ping", responses.EasyInputMessageRoleUser)}},
		Tools: []responses.ToolUnionParam{responses.ToolParamOfFunction(simulator.ToolName, map[string]any{
			"type": "object", "properties": map[string]any{"file_path": map[string]any{"type": "string"}}, "required": []string{"file_path"}, "additionalProperties": false,
		}, true)},
	}
}

func TestOpenAIsLibraryAsksForResponses(t *testing.T) {
	t.Parallel()
	for platform, mounts := range map[string][]string{
		"openai-responses": {"/openai/v1", "/openai"}, "azure-openai": {"/openai/v1", "/azure/openai/v1", "/azure/v1"},
	} {
		for _, mount := range mounts {
			t.Run(platform+" at "+mount, func(t *testing.T) {
				t.Parallel()
				b := crstest.Start(t)
				b.AccountOn(platform, "a")
				b.Script(thinks)
				c := openaiSDK(t, b, mount)
				r, err := c.Responses.New(t.Context(), responseParams())
				if err != nil {
					t.Fatal(err)
				}
				checkResponse(t, r)
				streamResponse(t, c)
				sameBill(t, b, 2)
			})
		}
	}
	t.Run("a ChatGPT login", func(t *testing.T) {
		t.Parallel()
		b := crstest.Start(t)
		b.Codex("a", time.Hour, anyClient)
		b.Script(thinks)
		streamResponse(t, openaiSDK(t, b, "/openai/v1"))
		sameBill(t, b, 1)
	})
}

func streamResponse(t *testing.T, c *openai.Client) {
	t.Helper()
	stream := c.Responses.NewStreaming(t.Context(), responseParams())
	defer func() { _ = stream.Close() }()
	text, completed := "", false
	for stream.Next() {
		switch e := stream.Current().AsAny().(type) {
		case responses.ResponseTextDeltaEvent:
			text += e.Delta
		case responses.ResponseCompletedEvent:
			completed = true
			checkResponse(t, &e.Response)
		}
	}
	if err := stream.Err(); err != nil || text != said || !completed {
		t.Errorf("%q, completed %v, %v", text, completed, err)
	}
}

func checkResponse(t *testing.T, r *responses.Response) {
	t.Helper()
	if r.OutputText() != said || r.Status != "completed" || len(r.Output) != 3 {
		t.Fatalf("response %s", r.RawJSON())
	}
	call := r.Output[2].AsFunctionCall()
	called(t, call.Name, call.Arguments)
	if u := r.Usage; u.InputTokens != 9584 || u.InputTokensDetails.CachedTokens != 9012 || u.OutputTokens != 34 || u.OutputTokensDetails.ReasoningTokens != 8 {
		t.Errorf("usage %s", u.RawJSON())
	}
}

func TestOpenAIsLibraryUsesTheRest(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.AccountOn("openai-responses", "a")
	c := openaiSDK(t, b, "/openai/v1")
	embedded, err := c.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
		Model: "text-embedding-3-small", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a", "b"}},
	})
	if err != nil || len(embedded.Data) != 2 || len(embedded.Data[1].Embedding) != 1536 {
		t.Errorf("embeddings: %v", err)
	}
	picture, err := c.Images.Generate(t.Context(), openai.ImageGenerateParams{Model: "gpt-image-1", Prompt: "a cat"})
	if err != nil || len(picture.Data) != 1 || picture.Data[0].B64JSON == "" {
		t.Errorf("a picture: %v", err)
	}
	completed, err := c.Completions.New(t.Context(), openai.CompletionNewParams{Model: "gpt-5.5", Prompt: openai.CompletionNewParamsPromptUnion{OfString: param.NewOpt("ping")}})
	if err != nil || completed.Choices[0].Text != said {
		t.Errorf("a completion: %v", err)
	}
	compact, err := c.Responses.Compact(t.Context(), responses.ResponseCompactParams{Model: "gpt-5.5", Input: responses.ResponseCompactParamsInputUnion{OfString: param.NewOpt("x")}})
	if err != nil || len(compact.Output) != 2 {
		t.Errorf("a compaction: %v", err)
	}
	if models, err := c.Models.List(t.Context()); err != nil || len(models.Data) == 0 {
		t.Errorf("models: %v", err)
	}
	sameBill(t, b, 4)
}

// TestOpenAIsLibraryReadsFailures, whoever fails: before the answer, and within.
func TestOpenAIsLibraryReadsFailures(t *testing.T) {
	t.Parallel()
	for platform, model := range map[string]string{"openai-responses": "gpt-5.5", "claude-console": opus, "bedrock": opus, "gemini-api": "gemini-2.5-pro"} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn(platform, "a")
			c := openaiSDK(t, b, "/openai/v1")
			var failed *openai.Error
			b.Script("400")
			if _, err := c.Chat.Completions.New(t.Context(), chatParams(model)); !errors.As(err, &failed) || failed.StatusCode != http.StatusBadRequest || failed.Message == "" {
				t.Errorf("a bad request: %v", err)
			}
			b.Script("error(overloaded_error,after=2)")
			stream := c.Chat.Completions.NewStreaming(t.Context(), chatParams(model))
			chunks := 0
			for stream.Next() {
				chunks++
			}
			if stream.Err() == nil || chunks == 0 {
				t.Errorf("an error within, after %d chunks: %v", chunks, stream.Err())
			}
			_ = stream.Close()
		})
	}
	t.Run("in Responses", func(t *testing.T) {
		t.Parallel()
		b := crstest.Start(t)
		b.AccountOn("openai-responses", "a")
		c := openaiSDK(t, b, "/openai/v1")
		b.Script("cut(after=4)")
		stream := c.Responses.NewStreaming(t.Context(), responseParams())
		events := 0
		for stream.Next() {
			events++
		}
		if stream.Err() == nil || events < 2 {
			t.Errorf("an answer that breaks off, after %d events: %v", events, stream.Err())
		}
		_ = stream.Close()
	})
}
