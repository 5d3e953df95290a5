package openai

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"crs/internal/usage"
	"crs/lab/simulator/provider"
)

// askedFor is a call with a body, as an endpoint of OpenAI's protocols sees it.
func askedFor(body []byte) *provider.Call {
	return &provider.Call{Number: 1, At: time.Unix(1795000000, 0), Method: "POST", Path: "/v1/responses", Body: body}
}

func FuzzOpenAIBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"model":"m","input":"x"}`, `{"model":"m","input":["x",{"role":"user","content":[{"text":"ping"}]},1,null,[]]}`,
		"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\n\"tools\":[\r\n1],\"stream_options\":{\"include_usage\":true},\"n\":3}",
		`{"model":"m","prompt":["a"],"stream_options":7,"include":"reasoning.encrypted_content","dimensions":1e9,"service_tier":"flex"}`,
		`{"model":7,"input":{}}`, `{"model":"m","input":[`, `{"model":"\u00e9","input":"\ud83d","metadata":{"a":[]}}`,
	} {
		f.Add([]byte(seed))
	}
	u := usage.Tokens{Input: 12, Output: 34, CacheWrite: 560, CacheWrite1h: 78, CacheRead: 9012}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, field := range []string{"input", "messages", "prompt"} {
			c := askedFor(body)
			if Read(c, body, field) != nil {
				continue
			}
			if !json.Valid(body) {
				t.Fatalf("%q was taken", body)
			}
			c.Prompt.Stream = false
			answers := [][]byte{
				AnswerResponse(c, provider.Plain(), u, "").Body,
				compact(c, u, "").Body,
				AnswerEmbeddings(c, u, "").Body,
				Chat{}.Answer(c, provider.Plain(), u, "").Body,
			}
			for _, a := range answers {
				if !json.Valid(a) || strings.ContainsAny(string(a), "\r\n") {
					t.Fatalf("%q is answered %q", body, a)
				}
			}
		}
	})
}

func FuzzOpenAIForm(f *testing.F) {
	const form = "--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n2\r\n--b--\r\n"
	f.Add("multipart/form-data; boundary=b", []byte(form))
	f.Add("multipart/form-data; boundary=b", []byte(form[:len(form)-5]))
	f.Add("multipart/form-data", []byte(form))
	f.Add("application/json", []byte(`{"prompt":"x"}`))
	f.Add(";", []byte("--"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		fields, ok := readForm(kind, body)
		if ok && fields["prompt"] != nil && !strings.Contains(string(body), "prompt") {
			t.Errorf("a prompt was found in %q", body)
		}
	})
}
