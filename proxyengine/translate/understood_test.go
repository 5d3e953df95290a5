package translate_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/responses"
	"google.golang.org/genai"
)

// understood reads a request as the target's own SDK knows it, and fails on members that it does not.
func understood(t testing.TB, service string, body []byte) {
	t.Helper()
	switch service {
	case services["messages"]:
		var p anthropic.MessageNewParams
		sameAgain(t, body, &p)
	case services["chat"]:
		var p openai.ChatCompletionNewParams
		sameAgain(t, body, &p)
	case services["responses"]:
		var p responses.ResponseNewParams
		sameAgain(t, body, &p)
	case services["generate"]:
		var p geminiRequest
		// Google's word for a signature that there is not is no base64 to Go.
		d := json.NewDecoder(bytes.NewReader(bytes.ReplaceAll(body, []byte("skip_thought_signature_validator"), []byte("c2tpcA=="))))
		d.DisallowUnknownFields()
		if err := d.Decode(&p); err != nil {
			t.Errorf("the SDK does not understand it: %v\n%s", err, body)
		}
	}
}

// geminiRequest is what the SDK for Go would send.
type geminiRequest struct {
	Contents          []*genai.Content       `json:"contents"`
	SystemInstruction *genai.Content         `json:"systemInstruction"`
	Tools             []*genai.Tool          `json:"tools"`
	ToolConfig        *genai.ToolConfig      `json:"toolConfig"`
	GenerationConfig  genai.GenerationConfig `json:"generationConfig"`
}

// extensions are members that the SDKs' types do not have, and that are sent on purpose: streams are asked for by another
// method, reasoning_content is for others than OpenAI, and of a union with a name the SDK reads the wrong variant.
var extensions = map[string]bool{".stream": true, ".messages[].reasoning_content": true, ".tool_choice.name": true}

// sameAgain decodes a body into an SDK's type and encodes it again: what the type has no place for is lost on the way.
func sameAgain(t testing.TB, body []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(body, into); err != nil {
		t.Errorf("the SDK does not understand it: %v\n%s", err, body)
		return
	}
	again, err := json.Marshal(into)
	if err != nil {
		t.Errorf("the SDK cannot write it again: %v\n%s", err, body)
		return
	}
	var was, is any
	if json.Unmarshal(body, &was) != nil || json.Unmarshal(again, &is) != nil {
		t.Fatal("not JSON")
	}
	lost(t, "", was, is)
}

func lost(t testing.TB, at string, was, is any) {
	t.Helper()
	switch was := was.(type) {
	case map[string]any:
		now, ok := is.(map[string]any)
		if !ok {
			t.Errorf("%s became %v", at, is)
			return
		}
		for k, v := range was {
			switch k = at + "." + k; {
			case v == nil || extensions[k]:
			case now[k[len(at)+1:]] == nil:
				t.Errorf("%s is not known to the SDK", k)
			default:
				lost(t, k, v, now[k[len(at)+1:]])
			}
		}
	case []any:
		now, ok := is.([]any)
		if !ok || len(now) != len(was) {
			t.Errorf("%s became %v", at, is)
			return
		}
		for i := range was {
			lost(t, at+"[]", was[i], now[i])
		}
	}
}
