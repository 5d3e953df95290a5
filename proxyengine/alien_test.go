package proxyengine_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"crs/ctl"
	"crs/lab/crstest"
)

// TestAnErrorInNoProtocolsWordsTellsNothing: an upstream begins with 200 and says what is wrong in its own way, in JSON or in a
// stream. Nothing of the operator's is in what the client gets, nor the credential in the log or the record.
func TestAnErrorInNoProtocolsWordsTellsNothing(t *testing.T) {
	t.Parallel()
	const secret = "sk-ant-api03-q7Wm_Zr4T-x9LpVd2abcdEVIL"
	leak := "Key " + secret + " of org-Q7wmZr4T at arn:aws:iam::123456789012:role/Prod, host gw.corp.internal 10.9.8.7 user bob@corp.example"
	inJSON := func(v any) string {
		text, _ := json.Marshal(v)
		return string(text)
	}
	bodies := map[string]string{
		"vLLM":      inJSON(map[string]any{"object": "error", "message": leak, "code": 400}),
		"code":      inJSON(map[string]any{"code": 500, "msg": leak}),
		"detail":    inJSON(map[string]any{"detail": leak}),
		"errors":    inJSON(map[string]any{"errors": []any{map[string]any{"message": leak}}}),
		"message":   inJSON(map[string]any{"message": leak}),
		"title":     inJSON(map[string]any{"Error": map[string]any{"Message": leak}}),
		"escaped":   strings.ReplaceAll(inJSON(map[string]any{"error": map[string]any{"message": leak}}), `"error"`, `"\u0065rror"`),
		"feedback":  inJSON(map[string]any{"promptFeedback": map[string]any{"blockReason": "OTHER", "blockReasonMessage": leak}}),
		"unfinish":  inJSON(map[string]any{"object": "response", "status": "incomplete", "incomplete_details": map[string]any{"reason": leak}, "output": []any{}}),
		"failed":    inJSON(map[string]any{"object": "response", "status": "failed", "error": map[string]any{"message": leak}, "output": []any{}}),
		"text":      leak,
		"two lines": strings.Replace(inJSON(map[string]any{"error": map[string]any{"message": leak}}), "sk-", "sk-\ndata: ", 1),
	}
	var answer, kind string
	var asked atomic.Int64
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, answer)
	}))
	defer up.Close()
	b := crstest.Start(t)
	platforms := []string{"claude-console", "openai-responses", "gemini-api"}
	for _, platform := range platforms {
		b.AccountOn(platform, platform, func(a *ctl.NewAccount) { a.BaseURL, a.APIKey = up.URL, secret })
	}
	key := b.Key("k")
	begun := map[string]string{
		"/api/v1/messages":              "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"hi\"}}\n\n",
		"/api/v1/messages/count_tokens": "",
		"/openai/v1/responses":          "data: {\"type\":\"response.output_text.delta\",\"delta\":\"hi\"}\n\n",
		"/openai/v1/chat/completions":   "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n",
		"/openai/v1/embeddings":         "",
		"/gemini/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse": "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hi\"}]}}]}\n\n",
		"/gemini/v1beta/models/gemini-2.5-pro:generateContent":               "",
	}
	for path, start := range begun {
		for name, body := range bodies {
			for how, form := range map[string]string{"application/json": "%s", "text/event-stream": start + "data: %s\n\n", "text/event-stream; named": start + "event: error\ndata: %s\n\n: error " + leak + "\nid: " + secret + "\n\n"} {
				kind, answer = how, fmt.Sprintf(form, body)
				for _, a := range platforms {
					if _, err := b.ThawAccount(t.Context(), a); err != nil {
						t.Fatal(err)
					}
				}
				model := map[bool]string{true: "gemini-2.5-pro", false: "m"}[strings.HasPrefix(path, "/gemini")]
				stream := strings.HasPrefix(how, "text/event-stream")
				req := b.Request(t.Context(), key, fmt.Sprintf(`{"model":%q,"max_tokens":9,"stream":%t,"input":"x","messages":[{"role":"user","content":"hi"}],"contents":[{"role":"user","parts":[{"text":"x"}]}]}`, model, stream))
				req.URL.Path, req.URL.RawQuery, _ = strings.Cut(path, "?")
				before := asked.Load()
				got := b.Do(req)
				if asked.Load() == before {
					t.Errorf("%s: the upstream was not asked: %d %s", path, got.Status, got.Body)
				}
				all := strings.Join([]string{got.Body, fmt.Sprint(got.Header), inJSON(b.Last())}, "\n")
				flat := strings.NewReplacer("\n", "", "data: ", "").Replace(all)
				for _, word := range []string{"EVIL", "org-Q7", "123456789012", "corp.internal", "10.9.8.7", "bob@corp"} {
					if strings.Contains(all, word) || strings.Contains(flat, secret) {
						t.Errorf("%s, %s as %s: %s is in %d %s", path, name, how, word, got.Status, all)
						break
					}
				}
			}
		}
	}
	if flat := strings.NewReplacer("\\n", "", "\n", "", "data: ", "").Replace(b.Log.String()); strings.Contains(flat, "EVIL") {
		t.Error("the log has the credential")
	}
}
