package simulator_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"

	"crs/lab/simulator"
)

// openAISDK is the vendor's own client for a simulator.
func (s *sim) openAISDK(base string, more ...option.RequestOption) openai.Client {
	return openai.NewClient(append([]option.RequestOption{
		option.WithBaseURL(s.URL() + base), option.WithAPIKey("sk-a"), option.WithMaxRetries(0), option.WithHTTPClient(s.client),
	}, more...)...)
}

const spoken = "pong — the simulator heard you."

var asking = responses.ResponseNewParams{Model: "gpt-5.5", Input: responses.ResponseNewParamsInputUnion{OfString: param.NewOpt("say ping")}}

func TestTheVendorsClientReadsAResponse(t *testing.T) {
	t.Parallel()
	client := start(t, "ok(thinking,tool,reasoning=8)").openAISDK("/v1")
	r, err := client.Responses.New(context.Background(), asking)
	if err != nil {
		t.Fatal(err)
	}
	checkResponse(t, r)
}

func checkResponse(t *testing.T, r *responses.Response) {
	t.Helper()
	if r.OutputText() != spoken || r.Status != "completed" || r.Model != "gpt-5.5" || len(r.Output) != 3 {
		t.Errorf("response %s", r.RawJSON())
		return
	}
	if u := r.Usage; u.InputTokens != 9584 || u.InputTokensDetails.CachedTokens != 9012 || u.InputTokensDetails.CacheWriteTokens != 560 ||
		u.OutputTokens != 34 || u.OutputTokensDetails.ReasoningTokens != 8 || u.TotalTokens != 9618 {
		t.Errorf("usage %s", u.RawJSON())
	}
	if thought := r.Output[0].AsReasoning(); len(thought.Summary) != 1 || thought.Summary[0].Text == "" {
		t.Errorf("thought %s", r.Output[0].RawJSON())
	}
	if tool := r.Output[2].AsFunctionCall(); tool.Name != simulator.ToolName || tool.Arguments != simulator.ToolInput || tool.CallID == "" {
		t.Errorf("call %s", r.Output[2].RawJSON())
	}
}

func TestTheVendorsClientReadsAResponseStream(t *testing.T) {
	t.Parallel()
	client := start(t, "ok(thinking,tool,reasoning=8)").openAISDK("/v1")
	stream := client.Responses.NewStreaming(context.Background(), asking)
	defer stream.Close()
	var said, thought, arguments string
	var next int64
	for stream.Next() {
		e := stream.Current()
		if e.SequenceNumber != next {
			t.Errorf("%s has number %d, want %d", e.Type, e.SequenceNumber, next)
		}
		next++
		switch e := e.AsAny().(type) {
		case responses.ResponseTextDeltaEvent:
			said += e.Delta
		case responses.ResponseReasoningSummaryTextDeltaEvent:
			thought += e.Delta
		case responses.ResponseFunctionCallArgumentsDeltaEvent:
			arguments += e.Delta
		case responses.ResponseCompletedEvent:
			checkResponse(t, &e.Response)
		case nil:
			t.Errorf("the client does not know %s", stream.Current().RawJSON())
		}
	}
	if stream.Err() != nil || said != spoken || thought == "" || arguments != simulator.ToolInput || next < 20 {
		t.Errorf("%v after %d events: %q, %q, %q", stream.Err(), next, said, thought, arguments)
	}
}

var chatting = openai.ChatCompletionNewParams{
	Model:         "gpt-5.5",
	Messages:      []openai.ChatCompletionMessageParamUnion{openai.UserMessage("say ping")},
	StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: param.NewOpt(true)},
}

func TestTheVendorsClientReadsAChatCompletion(t *testing.T) {
	t.Parallel()
	client := start(t, "ok(tool,reasoning=8)").openAISDK("/v1")
	c, err := client.Chat.Completions.New(context.Background(), chatting)
	if err != nil {
		t.Fatal(err)
	}
	checkChat(t, c)
}

func checkChat(t *testing.T, c *openai.ChatCompletion) {
	t.Helper()
	if len(c.Choices) != 1 || c.Choices[0].Message.Content != spoken || c.Choices[0].FinishReason != "tool_calls" || len(c.Choices[0].Message.ToolCalls) != 1 {
		t.Errorf("completion %+v", c)
		return
	}
	if f := c.Choices[0].Message.ToolCalls[0].Function; f.Name != simulator.ToolName || f.Arguments != simulator.ToolInput {
		t.Errorf("call %+v", f)
	}
	if u := c.Usage; u.PromptTokens != 9584 || u.PromptTokensDetails.CachedTokens != 9012 || u.PromptTokensDetails.CacheWriteTokens != 560 ||
		u.CompletionTokens != 34 || u.CompletionTokensDetails.ReasoningTokens != 8 || u.TotalTokens != 9618 {
		t.Errorf("usage %+v", u)
	}
}

func TestTheVendorsClientReadsAChatStream(t *testing.T) {
	t.Parallel()
	s := start(t, "loop:ok(tool,reasoning=8)")
	for _, client := range []openai.Client{s.openAISDK("/v1"), s.openAISDK("/openai/v1", option.WithHeader("api-key", "az-a"), option.WithHeaderDel("authorization"))} {
		stream := client.Chat.Completions.NewStreaming(context.Background(), chatting)
		var whole openai.ChatCompletionAccumulator
		var usage openai.CompletionUsage // the accumulator loses cache writes
		first := true
		for stream.Next() {
			usage = stream.Current().Usage
			if chunk := stream.Current(); chunk.ID != "" { // not what Azure's filter found
				if !whole.AddChunk(chunk) {
					t.Errorf("the client does not take %s", chunk.RawJSON())
				}
			} else if !first {
				t.Errorf("an empty chunk in the middle: %s", chunk.RawJSON())
			}
			first = false
		}
		if err := stream.Err(); err != nil {
			t.Error(err)
		}
		whole.Usage = usage
		checkChat(t, &whole.ChatCompletion)
	}
	s.idle()
	if got := s.Served(); got["sk-a"].Requests != 1 || got["az-a"].Requests != 1 {
		t.Errorf("served %+v", got)
	}
}

func TestTheVendorsClientReadsTheRest(t *testing.T) {
	t.Parallel()
	client := start(t, "").openAISDK("/v1")
	ctx := context.Background()
	if e, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{Model: "text-embedding-3-small", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a", "b"}}}); err != nil || len(e.Data) != 2 || len(e.Data[1].Embedding) != 1536 || e.Usage.PromptTokens != 12 {
		t.Errorf("embeddings: %v", err)
	}
	if i, err := client.Images.Generate(ctx, openai.ImageGenerateParams{Model: "gpt-image-1", Prompt: "a cat"}); err != nil || len(i.Data) != 1 || i.Data[0].B64JSON == "" || i.Usage.TotalTokens != 46 {
		t.Errorf("image: %v", err)
	}
	if c, err := client.Completions.New(ctx, openai.CompletionNewParams{Model: "m", Prompt: openai.CompletionNewParamsPromptUnion{OfString: param.NewOpt("ping")}}); err != nil || c.Choices[0].Text != spoken || c.Usage.PromptTokens != 9584 {
		t.Errorf("completion: %v", err)
	}
	if c, err := client.Responses.Compact(ctx, responses.ResponseCompactParams{Model: "gpt-5.5", Input: responses.ResponseCompactParamsInputUnion{OfString: param.NewOpt("x")}}); err != nil || len(c.Output) != 2 || c.Output[1].Type != "compaction" || c.Usage.TotalTokens != 9618 {
		t.Errorf("compaction: %v", err)
	}
	if m, err := client.Models.List(ctx); err != nil || len(m.Data) == 0 || m.Data[0].ID == "" {
		t.Errorf("models: %v", err)
	}
}

func TestTheVendorsClientReadsFailures(t *testing.T) {
	t.Parallel()
	s := start(t, "429(quota),error(rate_limit_exceeded,after=1),error(server_error,event),error(server_error)")
	client := s.openAISDK("/v1")
	_, err := client.Responses.New(context.Background(), asking)
	var failed *openai.Error
	if !errors.As(err, &failed) || failed.StatusCode != http.StatusTooManyRequests || failed.Code != "insufficient_quota" || failed.Type != "insufficient_quota" {
		t.Errorf("quota: %v", err)
	}
	stream := client.Responses.NewStreaming(context.Background(), asking)
	var last responses.ResponseStreamEventUnion
	for stream.Next() {
		last = stream.Current()
	}
	if f := last.AsResponseFailed(); f.Response.Error.Code != "rate_limit_exceeded" || f.Response.Status != "failed" || stream.Err() != nil {
		t.Errorf("the last event is %s, %v", last.RawJSON(), stream.Err())
	}
	if stream := client.Responses.NewStreaming(context.Background(), asking); stream.Next() || stream.Err() == nil {
		t.Errorf("an error event: %v", stream.Err())
	}
	if stream := client.Chat.Completions.NewStreaming(context.Background(), chatting); stream.Next() || stream.Err() == nil {
		t.Errorf("an error in a chat: %v", stream.Err())
	}
}
