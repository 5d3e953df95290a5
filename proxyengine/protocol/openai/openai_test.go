package openai_test

import (
	"encoding/json"
	"strings"
	"testing"

	"crs/internal/sse"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

func TestEveryMountHasItsRoutes(t *testing.T) {
	t.Parallel()
	for part, want := range map[openai.Part]string{
		openai.Whole: `/v1/models models, /models models, /v1/responses openai/responses, /responses openai/responses,
			/v1/responses/compact openai/responses/compact, /responses/compact openai/responses/compact, /v1/chat/completions openai/chat,
			/chat/completions openai/chat, /v1/completions openai/completions, /completions openai/completions,
			/v1/embeddings openai/embeddings, /embeddings openai/embeddings, /v1/images/generations openai/images, /images/generations openai/images,
			/v1/images/edits openai/images, /images/edits openai/images, /v1/images/variations openai/images, /images/variations openai/images`,
		openai.ResponsesOnly:  `/v1/responses openai/responses, /responses openai/responses, /v1/models models`,
		openai.ChatOnly:       `/v1/chat/completions openai/chat, /chat/completions openai/chat, /v1/models models`,
		openai.ChatByModel:    `/v1/chat/completions openai/chat, /v1/completions openai/completions, /v1/models models`,
		openai.ChatBesideRest: `/v1/chat/completions openai/chat, /v1/completions openai/completions`,
		openai.AzurePaths: `/openai/deployments/{}/chat/completions openai/chat, /openai/deployments/{}/embeddings openai/embeddings,
			/openai/responses openai/responses, /openai/v1/chat/completions openai/chat, /openai/v1/responses openai/responses,
			/openai/v1/embeddings openai/embeddings, /v1/chat/completions openai/chat, /chat/completions openai/chat,
			/v1/responses openai/responses, /responses openai/responses, /v1/embeddings openai/embeddings, /embeddings openai/embeddings`,
	} {
		var got []string
		for _, r := range (openai.Protocol{Part: part}).Routes() {
			method, what := "POST", r.Service
			if r.Local == provider.ModelList {
				method, what = "GET", "models"
			}
			if r.Method != method {
				t.Errorf("part %d: %s %s", part, r.Method, r.Path)
			}
			got = append(got, r.Path+" "+what)
		}
		if want := strings.Join(strings.Fields(want), " "); strings.Join(got, ", ") != want {
			t.Errorf("part %d:\n%s\nwant:\n%s", part, strings.Join(got, ", "), want)
		}
	}
}

func TestFaultsAreSaidInTheProtocol(t *testing.T) {
	t.Parallel()
	f := &provider.Fault{Status: 429, Kind: provider.RateLimited, Message: `too "many"`, Request: "req_1"}
	contentType, body := openai.Protocol{}.Fault(f)
	const problem = `{"message":"too \"many\"","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}`
	if contentType != "application/json" || string(body) != `{"error":`+problem+`}` {
		t.Errorf("%s: %s", contentType, body)
	}
	for k := provider.BadRequest; k <= provider.UpgradeRequired; k++ {
		_, body := openai.Protocol{}.Fault(&provider.Fault{Kind: k})
		if strings.Contains(string(body), `"type":""`) {
			t.Errorf("kind %d has no word", k)
		}
	}
}

// TestAFaultInAStreamIsReadByBothKindsOfClients: by the type of the event, and by the member error of its data.
func TestAFaultInAStreamIsReadByBothKindsOfClients(t *testing.T) {
	t.Parallel()
	f := &provider.Fault{Kind: provider.BadGateway, Message: "it\nbroke", Request: "req_1"}
	text := openai.Protocol{}.FaultEvent(f)
	const want = "event: response.failed\n" +
		`data: {"type":"response.failed","sequence_number":0,"response":{"id":"req_1","object":"response","status":"failed",` +
		`"error":{"code":"bad_gateway","message":"it\nbroke"},"output":[]},"error":{"message":"it\nbroke","type":"server_error","param":null,"code":"bad_gateway"}}` +
		"\n\n"
	if string(text) != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
	for _, service := range []string{openai.Chat, openai.Responses} {
		m := openai.NewMeter(&provider.Intent{Service: service}, eventStream)
		m.Feed(text)
		if m.Failure() == nil || m.HasContent() {
			t.Errorf("%s: it is not read as a failure", service)
		}
	}
	events := 0
	s := sse.Scanner{On: func(e sse.Event) {
		events++
		if string(e.Name) != "response.failed" || !json.Valid(e.Data) {
			t.Errorf("%q %q", e.Name, e.Data)
		}
	}}
	if s.Feed(text); events != 1 || !s.AtBoundary() {
		t.Errorf("%d events", events)
	}
	if kind := string(openai.Protocol{}.FaultEvent(&provider.Fault{Kind: provider.BadRequest})); !strings.Contains(kind, `"code":"invalid_request_error"`) {
		t.Errorf("a failure without a code of its own has none: %s", kind)
	}
}

func TestModelsAreListedInTheProtocol(t *testing.T) {
	t.Parallel()
	_, body := openai.Protocol{}.Models([]string{"gpt-5.5", "claude-opus-4-8", "gemini-2.5-pro"})
	const want = `{"object":"list","data":[{"id":"gpt-5.5","object":"model","created":0,"owned_by":"openai"},` +
		`{"id":"claude-opus-4-8","object":"model","created":0,"owned_by":"anthropic"},{"id":"gemini-2.5-pro","object":"model","created":0,"owned_by":"google"}]}`
	if string(body) != want {
		t.Errorf("%s", body)
	}
	if _, body := (openai.Protocol{}).Models(nil); string(body) != `{"object":"list","data":[]}` {
		t.Errorf("%s", body)
	}
}
