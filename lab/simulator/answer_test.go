package simulator_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"crs/internal/usage"
	"crs/lab/simulator"
)

func TestAPlainAnswerHasTheShapeOfAMessage(t *testing.T) {
	t.Parallel()
	a := start(t, "").post("sk-a", ask)
	want := `{"id":"msg_sim000000000000000001","type":"message","role":"assistant","model":"claude-sonnet-5",` +
		`"content":[{"type":"text","text":"pong — the simulator heard you."}],"stop_reason":"end_turn","stop_sequence":null,` +
		`"usage":{"input_tokens":12,"cache_creation_input_tokens":638,"cache_read_input_tokens":9012,` +
		`"cache_creation":{"ephemeral_5m_input_tokens":560,"ephemeral_1h_input_tokens":78},"output_tokens":34,"service_tier":"standard"}}`
	if a.status != 200 || a.body != want || a.err != nil {
		t.Errorf("answer %d %v\n%s\nwant\n%s", a.status, a.err, a.body, want)
	}
	for name, want := range map[string]string{
		"Content-Type":                       "application/json",
		"Request-Id":                         "req_sim000000000000000001",
		"Anthropic-Ratelimit-Requests-Limit": "4000",
		"Anthropic-Ratelimit-Unified-Status": "",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestAStreamHasTheEventsOfAMessageInOrder(t *testing.T) {
	t.Parallel()
	a := start(t, "ok(thinking,tool,events=2,text=\"Hi you\")").post("sk-a", askStream)
	const head = `{"type":"message_start","message":{"id":"msg_sim000000000000000001","type":"message","role":"assistant",` +
		`"model":"claude-sonnet-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,` +
		`"cache_creation_input_tokens":638,"cache_read_input_tokens":9012,"cache_creation":{"ephemeral_5m_input_tokens":560,` +
		`"ephemeral_1h_input_tokens":78},"output_tokens":1,"service_tier":"standard"}}}`
	want := []string{
		head,
		`{"type":"ping"}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me think — the user wants an"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":" answer, and this one is simulated."}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrzLoky3dl1pkiMOYds"}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi you H"}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"i you Hi"}}`,
		`{"type":"content_block_stop","index":1}`,
		`{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_sim000000000000000001","name":"Read","input":{}}}`,
		`{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}`,
		`{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"file_path\":\"/tm"}}`,
		`{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"p/simulated.txt\"}"}}`,
		`{"type":"content_block_stop","index":2}`,
		`{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":12,` +
			`"cache_creation_input_tokens":638,"cache_read_input_tokens":9012,"output_tokens":34}}`,
		`{"type":"message_stop"}`,
	}
	if a.status != 200 || a.err != nil || a.header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		t.Fatalf("answer %d %v %v", a.status, a.err, a.header)
	}
	if got := dataLines(t, a.body); !reflect.DeepEqual(got, want) {
		t.Errorf("events:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// dataLines gives the data of each event and checks that the event's name is the type in it.
func dataLines(t *testing.T, body string) []string {
	t.Helper()
	var all []string
	for _, event := range strings.SplitAfter(body, "\n\n") {
		if event == "" {
			continue
		}
		name, data, ok := strings.Cut(strings.TrimSuffix(event, "\n\n"), "\ndata: ")
		var typed struct{ Type string }
		if err := json.Unmarshal([]byte(data), &typed); !ok || err != nil || name != "event: "+typed.Type {
			t.Errorf("event %q: %v", event, err)
		}
		all = append(all, data)
	}
	return all
}

func TestTheToolAndTheThoughtAreInTheJSONAnswerToo(t *testing.T) {
	t.Parallel()
	a := start(t, "ok(thinking,tool,text=Hi)").post("sk-a", ask)
	var m struct {
		Content []struct {
			Type, Text, Thinking, Signature, Name string
			Input                                 json.RawMessage
		}
		StopReason string `json:"stop_reason"`
	}
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	if len(m.Content) != 3 || m.Content[0].Thinking == "" || m.Content[0].Signature == "" || m.Content[1].Text != "Hi" ||
		m.Content[2].Name != simulator.ToolName || string(m.Content[2].Input) != simulator.ToolInput || m.StopReason != "tool_use" {
		t.Errorf("content %+v, stop_reason %q", m.Content, m.StopReason)
	}
}

// said is the text of an answer, from JSON or from a stream.
func said(t *testing.T, a answer) string {
	t.Helper()
	type text struct{ Text string }
	var text1 string
	if !strings.HasPrefix(a.body, "event:") {
		var m struct{ Content []text }
		if err := json.Unmarshal([]byte(a.body), &m); err != nil || len(m.Content) == 0 {
			t.Fatalf("%v in %q", err, a.body)
		}
		return m.Content[0].Text
	}
	for _, data := range dataLines(t, a.body) {
		var e struct{ Delta text }
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatal(err)
		}
		text1 += e.Delta.Text
	}
	return text1
}

func TestTheTextAnswersTheLastThingTheUserSaid(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	cases := []struct{ name, messages, want string }{
		{"ping", `[{"role":"user","content":"a ping for you"}]`, "pong — the simulator heard you."},
		{"ping in any block", `[{"role":"user","content":[{"type":"text","text":"ping"},{"type":"text","text":"then"}]}]`, "pong — the simulator heard you."},
		{"ping before", `[{"role":"user","content":"ping"},{"role":"assistant","content":"ping"},{"role":"user","content":"hi"}]`, "You said “hi” — that is all I know."},
		{"last block", `[{"role":"user","content":[{"type":"text","text":"one"},{"type":"image","source":{}},{"text":"two","type":"text"}]}]`, "You said “two” — that is all I know."},
		{"escapes", `[{"content":"a \"b\"\n\u00e9 \ud83d\ude00","role":"user"}]`, "You said “a \"b\"\né 😀” — that is all I know."},
		{"long", `[{"role":"user","content":"` + strings.Repeat("éa", 40) + `"}]`, "You said “" + strings.Repeat("éa", 20) + "…” — that is all I know."},
		{"nothing", `[{"role":"user","content":[{"type":"image","source":{}}]}]`, "You said nothing — and I have nothing to add."},
		{"only the assistant", `[{"role":"assistant","content":"hm"}]`, "You said nothing — and I have nothing to add."},
	}
	for _, c := range cases {
		for _, stream := range []string{"false", "true"} {
			body := `{"model":"m","max_tokens":1,"stream":` + stream + `,"messages":` + c.messages + `}`
			if got := said(t, s.post("sk-a", body)); got != c.want {
				t.Errorf("%s, stream %s: %q, want %q", c.name, stream, got, c.want)
			}
		}
	}
}

func TestTheShapeOfAnAnswerCanBeChosen(t *testing.T) {
	t.Parallel()
	cases := []struct {
		script       string
		text, events int
	}{
		{"ok(events=50)", 400, 56},
		{"ok(events=1,text=abc)", 8, 7},
		{"ok(size=100KB,events=3)", 100 << 10, 9},
		{"ok(size=0,text=abcd)", 4, 7},
		{"huge(2MB)", 2 << 20, 7},
	}
	for _, c := range cases {
		t.Run(c.script, func(t *testing.T) {
			t.Parallel()
			s := start(t, "loop:"+c.script)
			a := s.post("sk-a", askStream)
			if got := said(t, a); len(got) != c.text || events(a.body) != c.events {
				t.Errorf("%d bytes in %d events, want %d in %d", len(got), events(a.body), c.text, c.events)
			}
			if got := said(t, s.post("sk-a", ask)); len(got) != c.text {
				t.Errorf("JSON has %d bytes, want %d", len(got), c.text)
			}
		})
	}
}

func TestTheStepDecidesWhatIsBilledThenTheServer(t *testing.T) {
	t.Parallel()
	s := startWith(t, simulator.Options{
		Usage:  usage.Tokens{Input: 1, Output: 2, CacheRead: 3, CacheWrite: 4, CacheWrite1h: 5},
		Script: "ok,ok(input=0,output=20,cache_read=30,cache_write=40,cache_write_1h=50)",
	})
	s.post("sk-a", ask)
	a := s.post("sk-a", askStream)
	for _, want := range []string{
		`"usage":{"input_tokens":0,"cache_creation_input_tokens":90,"cache_read_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":40,"ephemeral_1h_input_tokens":50},"output_tokens":1,`,
		`"usage":{"input_tokens":0,"cache_creation_input_tokens":90,"cache_read_input_tokens":30,"output_tokens":20}`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in\n%s", want, a.body)
		}
	}
	s.idle()
	want := map[string]simulator.Bill{"sk-a": {Requests: 2, Tokens: usage.Tokens{Input: 1, Output: 22, CacheRead: 33, CacheWrite: 44, CacheWrite1h: 55}}}
	if got := s.Served(); !reflect.DeepEqual(got, want) {
		t.Errorf("served %+v, want %+v", got, want)
	}
}

func TestOtherEndpointsAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, "529*9") // not for them
	key := []string{"x-api-key: sk-a", "anthropic-version: 2023-06-01"}
	if a := s.do("POST", "/v1/messages/count_tokens?beta=true", `{"model":"m","messages":[{"role":"user","content":"x"}]}`, key...); a.status != 200 || a.body != `{"input_tokens":9662}` {
		t.Errorf("count_tokens: %d %s", a.status, a.body)
	}
	if a := s.do("POST", "/v1/messages/count_tokens", `{"model":"m","messages":[{}],"metadata":{}}`, key...); a.status != 400 || !strings.Contains(a.body, "metadata: Extra inputs are not permitted") {
		t.Errorf("count_tokens with metadata: %d %s", a.status, a.body)
	}
	var models struct {
		Data []struct {
			Type, ID    string
			DisplayName string    `json:"display_name"`
			CreatedAt   time.Time `json:"created_at"`
		}
		HasMore bool   `json:"has_more"`
		FirstID string `json:"first_id"`
		LastID  string `json:"last_id"`
	}
	a := s.do("GET", "/v1/models?limit=1000", "", key...)
	if err := json.Unmarshal([]byte(a.body), &models); err != nil || a.status != 200 {
		t.Fatalf("models: %d %v", a.status, err)
	}
	n := len(models.Data)
	if n == 0 || models.FirstID != models.Data[0].ID || models.LastID != models.Data[n-1].ID || models.Data[0].Type != "model" || models.Data[0].CreatedAt.IsZero() {
		t.Errorf("models: %+v", models)
	}
	if a := s.do("HEAD", "/", ""); a.status != 200 || a.err != nil {
		t.Errorf("HEAD: %d %v", a.status, a.err)
	}
	if a := s.do("GET", "/v1/messages", "", key...); a.status != 404 || !strings.Contains(a.body, `"type":"not_found_error"`) {
		t.Errorf("GET of messages: %d %s", a.status, a.body)
	}
}
