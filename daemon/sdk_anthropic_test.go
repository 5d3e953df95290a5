package daemon_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"crs/ctl"
	"crs/lab/crstest"
	"crs/lab/simulator"
)

const opus = "claude-opus-4-8"

func anthropicSDK(t *testing.T, b *crstest.Box) *anthropic.Client {
	c := anthropic.NewClient(
		option.WithBaseURL(b.URL+"/api/"), option.WithAPIKey(b.Key("k")), option.WithMaxRetries(0), option.WithHTTPClient(client(t)),
	)
	return &c
}

func messageParams(turns ...anthropic.MessageParam) anthropic.MessageNewParams {
	tool := anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{
		Properties: map[string]any{"file_path": map[string]any{"type": "string"}}, Required: []string{"file_path"},
	}, simulator.ToolName)
	return anthropic.MessageNewParams{
		Model: opus, MaxTokens: 8000, System: []anthropic.TextBlockParam{{Text: "be brief"}}, Tools: []anthropic.ToolUnionParam{tool},
		Messages: append([]anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("say ping"))}, turns...),
	}
}

// TestAnthropicsLibrary talks to Claude accounts, and to others by a map of models: an answer with a tool's call, its result,
// and all of that as a stream.
func TestAnthropicsLibrary(t *testing.T) {
	t.Parallel()
	for platform, how := range map[string][]func(*ctl.NewAccount){
		"claude-console": nil, "bedrock": nil,
		"openai-responses": {mapped(opus, "gpt-5.5")}, "azure-openai": {mapped(opus, "gpt-5.5")}, "gemini-api": {mapped(opus, "gemini-2.5-pro")},
	} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn(platform, "a", how...)
			converse(t, b)
		})
	}
	t.Run("openai", func(t *testing.T) {
		t.Parallel()
		b := crstest.Start(t)
		b.Codex("a", time.Hour, anyClient, mapped(opus, "gpt-5.5"))
		converse(t, b)
	})
	t.Run("gemini", func(t *testing.T) {
		t.Parallel()
		b := crstest.Start(t)
		b.CodeAssist("a", time.Hour, anyClient, mapped(opus, "gemini-2.5-pro"))
		converse(t, b)
	})
}

// converse has a tool called and gives its result, twice.
func converse(t *testing.T, b *crstest.Box) {
	b.Script(thinks)
	c := anthropicSDK(t, b)
	first, err := c.Messages.New(t.Context(), messageParams())
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Messages.New(t.Context(), messageParams(first.ToParam(), toolSaid(checkMessage(t, first))))
	if err != nil {
		t.Fatal(err)
	}
	checkMessage(t, second)
	third := streamMessage(t, c, messageParams())
	checkMessage(t, streamMessage(t, c, messageParams(third.ToParam(), toolSaid(checkMessage(t, third)))))
	sameBill(t, b, 4)
}

func toolSaid(id string) anthropic.MessageParam {
	return anthropic.NewUserMessage(anthropic.NewToolResultBlock(id, "it says hello", false), anthropic.NewTextBlock("another ping"))
}

func streamMessage(t *testing.T, c *anthropic.Client, p anthropic.MessageNewParams) *anthropic.Message {
	t.Helper()
	stream := c.Messages.NewStreaming(t.Context(), p)
	defer func() { _ = stream.Close() }()
	var m anthropic.Message
	for stream.Next() {
		if err := m.Accumulate(stream.Current()); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	return &m
}

// checkMessage gives the id of the tool's call.
func checkMessage(t *testing.T, m *anthropic.Message) (id string) {
	t.Helper()
	text, calls := "", 0
	for _, block := range m.Content {
		switch block := block.AsAny().(type) {
		case anthropic.TextBlock:
			text += block.Text
		case anthropic.ToolUseBlock:
			calls, id = calls+1, block.ID
			called(t, block.Name, string(block.Input))
		}
	}
	if text != said || calls != 1 || m.StopReason != anthropic.StopReasonToolUse || m.ID == "" || m.Role != "assistant" {
		t.Errorf("message %s", m.RawJSON())
	}
	if u := m.Usage; u.InputTokens != 12 || u.OutputTokens != 34 || u.CacheReadInputTokens != 9012 {
		t.Errorf("usage %s", u.RawJSON())
	}
	return id
}

// TestAnthropicsLibraryReadsFailures, whoever fails: before the answer, and within.
func TestAnthropicsLibraryReadsFailures(t *testing.T) {
	t.Parallel()
	for platform, how := range map[string][]func(*ctl.NewAccount){
		"claude-console": nil, "bedrock": nil, "openai-responses": {mapped(opus, "gpt-5.5")}, "gemini-api": {mapped(opus, "gemini-2.5-pro")},
	} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn(platform, "a", how...)
			c := anthropicSDK(t, b)
			var failed *anthropic.Error
			b.Script("400")
			if _, err := c.Messages.New(t.Context(), messageParams()); !errors.As(err, &failed) || failed.StatusCode != http.StatusBadRequest || failed.Type() != "invalid_request_error" {
				t.Errorf("a bad request: %v", err)
			}
			b.Script("error(overloaded_error,after=2)")
			stream := c.Messages.NewStreaming(t.Context(), messageParams())
			events := 0
			for stream.Next() {
				events++
			}
			if stream.Err() == nil || events < 2 {
				t.Errorf("an error within, after %d events: %v", events, stream.Err())
			}
			_ = stream.Close()
		})
	}
}

func TestAnthropicsLibraryCountsTokensAndListsModels(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{"claude-console", "bedrock"} {
		b := crstest.Start(t)
		b.AccountOn(platform, "a")
		c := anthropicSDK(t, b)
		n, err := c.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{Model: opus, Messages: messageParams().Messages})
		if err != nil || n.InputTokens == 0 {
			t.Errorf("%s: %+v, %v", platform, n, err)
		}
		page, err := c.Models.List(t.Context(), anthropic.ModelListParams{})
		if err != nil || len(page.Data) == 0 {
			t.Errorf("%s: models %+v, %v", platform, page, err)
		}
	}
}
