package daemon_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"google.golang.org/genai"

	"crs/lab/crstest"
	"crs/lab/simulator"
)

const pro = "gemini-2.5-pro"

func geminiSDK(t *testing.T, b *crstest.Box, version string) *genai.Client {
	t.Helper()
	c, err := genai.NewClient(t.Context(), &genai.ClientConfig{
		APIKey: b.Key("k"), Backend: genai.BackendGeminiAPI, HTTPClient: client(t), HTTPOptions: genai.HTTPOptions{BaseURL: b.URL + "/gemini/", APIVersion: version},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func generateConfig() *genai.GenerateContentConfig {
	return &genai.GenerateContentConfig{
		Tools:             []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{Name: simulator.ToolName, Description: "reads a file"}}}},
		SystemInstruction: genai.NewContentFromText("be brief", genai.RoleUser), MaxOutputTokens: 8000,
		ThinkingConfig: &genai.ThinkingConfig{IncludeThoughts: true},
	}
}

// TestGooglesLibrary talks to an API key and to a Google login, whose answers are unwrapped for it.
func TestGooglesLibrary(t *testing.T) {
	t.Parallel()
	for name, add := range map[string]func(*crstest.Box){
		"an API key": func(b *crstest.Box) { b.AccountOn("gemini-api", "a") }, "a Google login": func(b *crstest.Box) { b.CodeAssist("a", time.Hour, anyClient) },
	} {
		for _, version := range []string{"v1beta", "v1"} {
			t.Run(name+", "+version, func(t *testing.T) {
				t.Parallel()
				b := crstest.Start(t)
				add(b)
				b.Script(thinks)
				generate(t, b, geminiSDK(t, b, version))
			})
		}
	}
}

func generate(t *testing.T, b *crstest.Box, c *genai.Client) {
	first, err := c.Models.GenerateContent(t.Context(), pro, genai.Text("say ping"), generateConfig())
	if err != nil {
		t.Fatal(err)
	}
	checkGenerated(t, textOf(first), first.FunctionCalls(), first)
	call := first.FunctionCalls()[0]
	turns := []*genai.Content{
		genai.NewContentFromText("say ping", genai.RoleUser), first.Candidates[0].Content,
		genai.NewContentFromParts([]*genai.Part{
			{FunctionResponse: &genai.FunctionResponse{ID: call.ID, Name: call.Name, Response: map[string]any{"output": "it says hello"}}}, genai.NewPartFromText("another ping"),
		}, genai.RoleUser),
	}
	var text string
	var calls []*genai.FunctionCall
	var last *genai.GenerateContentResponse
	for r, err := range c.Models.GenerateContentStream(t.Context(), pro, turns, generateConfig()) {
		if err != nil {
			t.Fatal(err)
		}
		text, calls, last = text+textOf(r), append(calls, r.FunctionCalls()...), r
	}
	checkGenerated(t, text, calls, last)
	sameBill(t, b, 2)
}

// textOf is what is said; the library's own method warns of all that is not.
func textOf(r *genai.GenerateContentResponse) (text string) {
	for _, p := range r.Candidates[0].Content.Parts {
		if !p.Thought {
			text += p.Text
		}
	}
	return text
}

func checkGenerated(t *testing.T, text string, calls []*genai.FunctionCall, last *genai.GenerateContentResponse) {
	t.Helper()
	if text != said || len(calls) != 1 || last.Candidates[0].FinishReason != genai.FinishReasonStop || last.ModelVersion != pro {
		t.Fatalf("text %q, %d calls, last %+v", text, len(calls), last)
	}
	arguments, err := json.Marshal(calls[0].Args)
	if err != nil {
		t.Fatal(err)
	}
	called(t, calls[0].Name, string(arguments))
	if u := last.UsageMetadata; u.PromptTokenCount != 9024 || u.CachedContentTokenCount != 9012 || u.ThoughtsTokenCount != 8 || u.TotalTokenCount != 9058 {
		t.Errorf("usage %+v", u)
	}
}

func TestGooglesLibraryUsesTheRest(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.AccountOn("gemini-api", "a")
	c := geminiSDK(t, b, "v1beta")
	if n, err := c.Models.CountTokens(t.Context(), pro, genai.Text("ping"), nil); err != nil || n.TotalTokens != 9024 {
		t.Errorf("a count: %+v, %v", n, err)
	}
	if e, err := c.Models.EmbedContent(t.Context(), "gemini-embedding-001", genai.Text("ping"), nil); err != nil || len(e.Embeddings) != 1 || len(e.Embeddings[0].Values) == 0 {
		t.Errorf("an embedding: %+v, %v", e, err)
	}
	page, err := c.Models.List(t.Context(), nil)
	if err != nil || len(page.Items) == 0 || page.Items[0].Name == "" {
		t.Errorf("models: %+v, %v", page, err)
	}
	if m, err := c.Models.Get(t.Context(), pro, nil); err != nil || m.Name != "models/"+pro {
		t.Errorf("a model: %+v, %v", m, err)
	}
}

// TestGooglesLibraryReadsFailures: of an upstream, before the answer and within, and the relay's own.
func TestGooglesLibraryReadsFailures(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.AccountOn("gemini-api", "a")
	c := geminiSDK(t, b, "v1beta")
	var failed genai.APIError
	b.Script("400")
	if _, err := c.Models.GenerateContent(t.Context(), pro, genai.Text("ping"), nil); !errors.As(err, &failed) || failed.Code != 400 || failed.Status != "INVALID_ARGUMENT" {
		t.Errorf("a bad request: %v", err)
	}
	for _, script := range []string{"error(RESOURCE_EXHAUSTED,after=1)", "cut(after=2)"} {
		b.Script(script)
		var last error
		parts := 0
		for _, err := range c.Models.GenerateContentStream(t.Context(), pro, genai.Text("ping"), nil) {
			parts++
			last = err
		}
		if last == nil || parts < 2 {
			t.Errorf("%s: after %d parts: %v", script, parts, last)
		}
		b.Idle()                                                   // the client has its last byte a moment before the account is judged
		if _, err := b.ThawAccount(t.Context(), "a"); err != nil { // it rests, as it should
			t.Fatal(err)
		}
	}
	b.Script("ok")
	if _, err := b.DisableAccount(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Models.GenerateContent(t.Context(), pro, genai.Text("ping"), nil); !errors.As(err, &failed) || failed.Code != 503 || failed.Status != "UNAVAILABLE" || failed.Message == "" {
		t.Errorf("no account: %v", err)
	}
}
