package simulator_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/genai"

	"crs/lab/simulator"
)

// sdk is Google's own client, pointed at the simulator.
func (s *sim) sdk(key string) *genai.Client {
	s.t.Helper()
	c, err := genai.NewClient(context.Background(), &genai.ClientConfig{
		APIKey: key, Backend: genai.BackendGeminiAPI, HTTPClient: s.client, HTTPOptions: genai.HTTPOptions{BaseURL: s.URL() + "/"},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func TestGooglesOwnClientGetsAnAnswerWithATool(t *testing.T) {
	t.Parallel()
	c := start(t, "ok(tool,thinking,reasoning=4)").sdk("AIza-a")
	tools := []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{Name: simulator.ToolName, Description: "reads a file"}}}}
	r, err := c.Models.GenerateContent(t.Context(), "gemini-2.5-pro", genai.Text("ping"), &genai.GenerateContentConfig{
		Tools: tools, SystemInstruction: genai.NewContentFromText("be brief", genai.RoleUser), MaxOutputTokens: 64,
		ThinkingConfig: &genai.ThinkingConfig{IncludeThoughts: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	calls := r.FunctionCalls()
	if r.Text() != "pong — the simulator heard you." || len(calls) != 1 || calls[0].Name != simulator.ToolName || calls[0].Args["file_path"] != "/tmp/simulated.txt" {
		t.Errorf("text %q, calls %+v", r.Text(), calls)
	}
	if u := r.UsageMetadata; u.PromptTokenCount != 9024 || u.CachedContentTokenCount != 9012 || u.CandidatesTokenCount != 30 || u.ThoughtsTokenCount != 4 || u.TotalTokenCount != 9058 {
		t.Errorf("usage %+v", u)
	}
	if r.ModelVersion != "gemini-2.5-pro" || r.ResponseID == "" || r.Candidates[0].FinishReason != genai.FinishReasonStop {
		t.Errorf("answer %+v", r)
	}
}

func TestGooglesOwnClientReadsAStream(t *testing.T) {
	t.Parallel()
	c := start(t, "ok(tool,events=5),error(RESOURCE_EXHAUSTED,after=1)").sdk("AIza-a")
	var text string
	var calls int
	var last *genai.GenerateContentResponse
	for r, err := range c.Models.GenerateContentStream(t.Context(), "gemini-2.5-pro", genai.Text("ping"), nil) {
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Candidates[0].Content.Parts {
			text += p.Text
		}
		calls += len(r.FunctionCalls())
		last = r
	}
	if len(text) != 40 || calls != 1 || last.UsageMetadata.TotalTokenCount != 9058 || last.Candidates[0].FinishReason != genai.FinishReasonStop {
		t.Errorf("text %q, %d calls, last %+v", text, calls, last)
	}
	var failed genai.APIError
	parts := 0
	for _, err := range c.Models.GenerateContentStream(t.Context(), "gemini-2.5-pro", genai.Text("ping"), nil) {
		parts++
		if err != nil && !errors.As(err, &failed) {
			t.Errorf("error %v", err)
		}
	}
	if parts != 2 || failed.Code != 429 || failed.Status != "RESOURCE_EXHAUSTED" {
		t.Errorf("%d parts, then %+v", parts, failed)
	}
}

func TestGooglesOwnClientUsesTheOtherMethods(t *testing.T) {
	t.Parallel()
	s := start(t, "400(key)")
	s.AddGeminiKey("AIza-a")
	c := s.sdk("AIza-a")
	if n, err := c.Models.CountTokens(t.Context(), "gemini-2.5-pro", genai.Text("ping"), nil); err != nil || n.TotalTokens != 9024 {
		t.Errorf("count: %+v, %v", n, err)
	}
	var failed genai.APIError
	if _, err := c.Models.GenerateContent(t.Context(), "gemini-2.5-pro", genai.Text("ping"), nil); !errors.As(err, &failed) || failed.Code != 400 || failed.Status != "INVALID_ARGUMENT" || len(failed.Details) != 2 {
		t.Errorf("error %+v", failed)
	}
	if e, err := c.Models.EmbedContent(t.Context(), "gemini-embedding-001", genai.Text("ping"), nil); err != nil || len(e.Embeddings) != 1 || len(e.Embeddings[0].Values) != 8 {
		t.Errorf("embed: %+v, %v", e, err)
	}
	page, err := c.Models.List(t.Context(), nil)
	if err != nil || len(page.Items) != 4 || page.Items[0].Name != "models/gemini-2.5-pro" {
		t.Errorf("models: %+v, %v", page.Items, err)
	}
	if m, err := c.Models.Get(t.Context(), "gemini-2.5-flash", nil); err != nil || m.DisplayName != "Gemini 2.5 Flash" {
		t.Errorf("model: %+v, %v", m, err)
	}
	if _, err := s.sdk("AIza-x").Models.CountTokens(t.Context(), "gemini-2.5-pro", genai.Text("ping"), nil); !errors.As(err, &failed) || failed.Code != 400 {
		t.Errorf("another key: %v", err)
	}
}
