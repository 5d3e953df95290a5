package simulator

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// askedFor is a call with a body, as an endpoint of OpenAI's protocols sees it.
func askedFor(body []byte) *call {
	return &call{number: 1, at: time.Unix(1795000000, 0), method: []byte("POST"), path: []byte("/v1/responses"), body: body}
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
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, field := range []string{"input", "messages", "prompt"} {
			c := askedFor(body)
			if readOpenAI(c, field) != nil {
				continue
			}
			if len(body) <= exactUpTo && !json.Valid(body) {
				t.Fatalf("%q was taken", body)
			}
			answers := [][]byte{
				answerResponse(c, plain, DefaultUsage(), nil).body,
				answerCompact(c, DefaultUsage(), nil).body,
				answerEmbeddings(c, DefaultUsage(), nil).body,
				answerChat(chat{call: c, step: plain}, nil).body,
			}
			for _, a := range answers {
				if len(body) <= exactUpTo && utf8.Valid(body) && (!json.Valid(a) || strings.ContainsAny(string(a), "\r\n")) {
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
		b := openAIBody{call: askedFor(body), field: "prompt"}
		if b.readForm([]byte(kind)) && b.found && !strings.Contains(string(body), "prompt") {
			t.Errorf("a prompt was found in %q", body)
		}
	})
}

func FuzzDeployment(f *testing.F) {
	for _, seed := range []string{"my-gpt", "a%20b", "%zz", "%22", "a/b", ""} {
		f.Add(seed)
	}
	a := newAzure(Options{})
	f.Fuzz(func(t *testing.T, name string) {
		path := deployments + name + deployedChat
		if a.find([]byte("POST"), []byte(path)) == nil {
			return
		}
		c := askedFor([]byte(`{"messages":[{}]}`))
		if bad := readDeployed(c, "messages", deployment([]byte(path), deployedChat)); bad != nil {
			t.Fatalf("%q: %+v", name, bad)
		}
		if !json.Valid(c.prompt.model) {
			t.Errorf("%q is the model %s", name, c.prompt.model)
		}
	})
}
