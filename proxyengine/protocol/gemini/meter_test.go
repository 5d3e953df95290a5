package gemini_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"crs/internal/usage"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

const (
	eventStream = "text/event-stream"
	inJSON      = "application/json; charset=UTF-8"
)

func meter(contentType string) *gemini.Meter {
	return gemini.NewMeter(provider.Header{{Name: "Content-Type", Value: contentType}})
}

// recorded are the objects of an answer, as Gemini 2.5 Pro sends them: figures come with every one, those of the last count.
var recorded = []string{
	`{"candidates": [{"content": {"parts": [{"text": "Gr\u00fc\u00dfe \"usageMetadata\":{\"promptTokenCount\":999}]} ","thought": true}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 1000,"totalTokenCount": 1100,"thoughtsTokenCount": 100},"modelVersion": "gemini-2.5-pro","responseId": "r"}`,
	`{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":[1,{"b":"}"}]}},"thoughtSignature":"AAAA"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":1000,"candidatesTokenCount":20,"totalTokenCount":1300,"thoughtsTokenCount":280},"modelVersion":"gemini-2.5-pro"}`,
	`{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":1000,"cachedContentTokenCount":800,"candidatesTokenCount":50,"toolUsePromptTokenCount":30,"totalTokenCount":1380,"promptTokensDetails":[{"modality":"TEXT","tokenCount":1000}],"thoughtsTokenCount":300,"trafficType":"ON_DEMAND_PRIORITY"},"modelVersion":"gemini-2.5-pro-002"}`,
	`{"usageMetadata":{"trafficType":"ON_DEMAND"}}`,
}

// protocols.md, D.3.
var figures = usage.Tokens{Input: 230, CacheRead: 800, Output: 350, Reasoning: 300}

func wrapped(all []string) []string {
	var out []string
	for _, o := range all {
		out = append(out, `{"response": `+o+`,"traceId":"t"}`)
	}
	return out
}

func events(end string, all []string) string {
	var b strings.Builder
	for _, o := range all {
		b.WriteString("data: " + o + end + end)
	}
	return b.String()
}

// recordings are the answer in every form that it comes in.
func recordings() map[string][2]string {
	return map[string][2]string{
		"events, CRLF":       {eventStream, events("\r\n", recorded)},
		"events, LF":         {eventStream + "; charset=utf-8", events("\n", recorded)},
		"events, CR":         {"Text/Event-Stream", events("\r", recorded)},
		"no last blank line": {eventStream, strings.TrimSuffix(events("\n", recorded), "\n")},
		"not a last line":    {eventStream, strings.TrimSuffix(events("\n", recorded), "\n\n")},
		"with [DONE]":        {eventStream, ": hello\n\n" + events("\n", recorded) + "data: [DONE]\n\n"},
		"wrapped events":     {eventStream, events("\r\n", wrapped(recorded))},
		"an array":           {inJSON, "[" + strings.Join(recorded, "\n,\r\n") + "\n]"},
		"a wrapped array":    {inJSON, "[" + strings.Join(wrapped(recorded), ",") + "]\n"},
		"one object":         {inJSON, recorded[2]},
		"one wrapped object": {inJSON, "\n" + wrapped(recorded)[2] + "\n"},
	}
}

// TestAnAnswerIsCountedHoweverItIsCut feeds recordings cut in two at every byte, and byte by byte.
func TestAnAnswerIsCountedHoweverItIsCut(t *testing.T) {
	t.Parallel()
	for name, r := range recordings() {
		for cut := range len(r[1]) {
			m := meter(r[0])
			m.Feed([]byte(r[1][:cut]))
			m.Feed([]byte(r[1][cut:]))
			checkRecorded(t, fmt.Sprintf("%s, cut at %d", name, cut), m)
		}
		m := meter(r[0])
		for i := range len(r[1]) {
			m.Feed([]byte(r[1][i : i+1]))
		}
		checkRecorded(t, name+", byte by byte", m)
	}
}

func checkRecorded(t *testing.T, name string, m provider.Meter) {
	t.Helper()
	for range 2 { // it may be asked again
		c := m.End()
		if !c.Complete || !c.Seen || !m.Complete() || c.Tokens != figures || c.Model != "gemini-2.5-pro-002" || c.Tier != "priority" ||
			m.Failure() != nil || !m.HasContent() || !json.Valid(c.Raw) || !strings.HasPrefix(string(c.Raw), `{"promptTokenCount":1000,"cachedContentTokenCount":800,`) {
			t.Fatalf("%s: %+v, failure %q", name, c, m.Failure())
		}
	}
}

// TestAnAnswerThatEndsEarlyIsNeverCalledComplete ends recordings at every byte before their finish has come whole.
func TestAnAnswerThatEndsEarlyIsNeverCalledComplete(t *testing.T) {
	t.Parallel()
	for name, r := range recordings() {
		last := strings.Index(r[1], `"finishReason"`)
		for end := range last {
			m := meter(r[0])
			m.Feed([]byte(r[1][:end]))
			if r[0] != inJSON && m.HasContent() && end < len(recorded[0]) {
				t.Fatalf("%s: at %d it has begun already", name, end)
			}
			if c := m.End(); c.Complete || m.Complete() || m.Failure() != nil {
				t.Fatalf("%s: complete at %d: %+v", name, end, c)
			}
		}
	}
	for _, name := range []string{"one object", "one wrapped object", "an array"} {
		r := recordings()[name]
		text := strings.TrimRight(r[1], "\n")
		for end := range len(text) {
			m := meter(r[0])
			m.Feed([]byte(text[:end]))
			if m.Complete() || m.Close() || m.End().Complete {
				t.Fatalf("%s: whole at %d", name, end)
			}
		}
	}
}

func TestOnlyContentBeginsAnAnswer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{"usageMetadata":{"promptTokenCount":7}}`:                                       false,
		`{"candidates":[]}`:                                                              false,
		`{"candidates":[{"index":0}]}`:                                                   false,
		`{"candidates":[{"content":{"role":"model","parts":[]}}]}`:                       false,
		`{"candidates":[{"finishReason":"FINISH_REASON_UNSPECIFIED"}]}`:                  false,
		`{"promptFeedback":{"safetyRatings":[]}}`:                                        false,
		`{"response":{"usageMetadata":{}},"traceId":"t"}`:                                false,
		`{"error":{"code":503}}`:                                                         false,
		`{"promptFeedback":{"blockReason":"SAFETY"}}`:                                    true,
		`{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}`:                          true,
		`{"candidates":[{"index":0},{"content":{"parts":[{"inlineData":{}}]}}]}`:         true,
		`{"candidates":[{"finishReason":"SAFETY"}]}`:                                     true,
		`{"response":{"candidates":[{"finishReason":"MAX_TOKENS"}]}}`:                    true,
		`{"candidates":[{"content":{"parts":[{"executableCode":{"code":"print()"}}]}}]}`: true,
	} {
		for name, m := range map[string]*gemini.Meter{"events": meter(eventStream), "an array": meter(inJSON)} {
			form := "data: " + text + "\n\n"
			if name == "an array" {
				form = "[" + text
			}
			m.Feed([]byte(form))
			if m.HasContent() != want {
				t.Errorf("%s of %s: begun is %v", name, text, m.HasContent())
			}
		}
	}
}

func TestABlockedPromptIsAWholeAnswer(t *testing.T) {
	t.Parallel()
	m := meter(eventStream)
	m.Feed([]byte(events("\n", []string{`{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9}}`})))
	if c := m.End(); !c.Complete || c.Tokens != (usage.Tokens{Input: 9}) {
		t.Errorf("%+v", c)
	}
}

func TestAnErrorInAnAnswerIsTold(t *testing.T) {
	t.Parallel()
	const failure = `{"error":{"code":429,"message":"Quota.","status":"RESOURCE_EXHAUSTED"}}`
	for name, text := range map[string][2]string{
		"an event":          {eventStream, events("\r\n", []string{failure})},
		"behind figures":    {eventStream, events("\n", []string{recorded[3], failure})},
		"in an array":       {inJSON, "[" + failure + "\n]"},
		"the whole":         {inJSON, failure},
		"and one behind it": {eventStream, events("\n", []string{failure, `{"error":{"code":500}}`})},
	} {
		m := meter(text[0])
		m.Feed([]byte(text[1]))
		if string(m.Failure()) != failure || m.End().Complete {
			t.Errorf("%s: %q, %+v", name, m.Failure(), m.End())
		}
		if text[0] == eventStream && (m.HasContent() || !m.AtBoundary()) {
			t.Errorf("%s: begun %v", name, m.HasContent())
		}
	}
	late := meter(eventStream)
	late.Feed([]byte(events("\n", append(recorded[:2:2], failure))))
	if c := late.End(); !late.HasContent() || late.Failure() == nil || c.Complete || !c.Seen || c.Tokens.Output != 300 {
		t.Errorf("behind content: %+v", c)
	}
}

func TestNonsenseIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`nonsense`, `[{"candidates":[]}} ]`, `{"candidates":[]} x`, `[{},]`, `[,{}]`, `{]`, `"text"`, `[[{}]]`} {
		m := meter(inJSON)
		m.Feed([]byte(text))
		if m.Complete() || m.End().Complete {
			t.Errorf("%s is whole", text)
		}
	}
	m := meter(eventStream)
	broken := 0
	m.On = func(o gemini.Object) {
		if o.Broken {
			broken++
		}
	}
	m.Feed([]byte("data: {\"candidates\":\n\ndata: x\n\n"))
	if broken != 2 || m.End().Complete {
		t.Errorf("%d objects were broken", broken)
	}
}

func TestACutAnswerIsCountedByWhatCame(t *testing.T) {
	t.Parallel()
	m := meter(eventStream)
	for range 50 {
		m.Feed([]byte(events("\n", []string{`{"candidates":[{"content":{"parts":[{"text":"` + strings.Repeat("word ", 8) + `"}],"role":"model"},"index":0}]}`})))
	}
	if c := m.End(); c.Complete || c.Seen || c.Tokens.Output < 450 || c.Tokens.Output > 600 {
		t.Errorf("50 times 40 bytes of text were counted as %d tokens", c.Tokens.Output)
	}
}

// TestAnObjectThatWasCutIsCounted by what came of it: text, or an image.
func TestAnObjectThatWasCutIsCounted(t *testing.T) {
	t.Parallel()
	text := `{"candidates":[{"content":{"parts":[{"text":"` + strings.Repeat("word ", 400)
	image := `{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"` + strings.Repeat("A", 4000)
	for _, before := range []struct{ contentType, text string }{{inJSON, ""}, {inJSON, "[\n"}, {eventStream, "data: "}} {
		m := meter(before.contentType)
		m.Feed([]byte(before.text + text))
		if c := m.End(); c.Complete || c.Tokens.Output < 450 || c.Tokens.Output > 550 {
			t.Errorf("%+v: %d tokens", before, c.Tokens.Output)
		}
		m = meter(before.contentType)
		m.Feed([]byte(before.text + image))
		if c := m.End(); c.Complete || c.Tokens.Output != 1290 || c.Also[usage.ImageOutput] != 1290 || c.Also[usage.Image] != 1 {
			t.Errorf("%+v: %+v", before, c)
		}
	}
}

// TestOtherThanText is told apart; what was cached cannot be more than the prompt.
func TestOtherThanText(t *testing.T) {
	t.Parallel()
	m := meter(inJSON)
	m.Feed([]byte(`{"usageMetadata":{"promptTokenCount":8,"cachedContentTokenCount":9,"candidatesTokenCount":100,"candidatesTokensDetails":[{"modality":"TEXT","tokenCount":10},{"modality":"VIDEO","tokenCount":70},{"modality":"AUDIO","tokenCount":20}]}}`))
	if c := m.End(); c.Also[usage.VideoOutput] != 70 || c.Also[usage.AudioOutput] != 20 || c.Tokens.Output != 100 || c.Doubt == "" {
		t.Errorf("%+v", c)
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]usage.Tokens{
		`{"promptTokenCount":250000,"candidatesTokenCount":1000,"thoughtsTokenCount":500}`: {Input: 250000, Output: 1500, Reasoning: 500}, // protocols.md, L.5
		`{"promptTokenCount":8,"totalTokenCount":8}`:                                       {Input: 8},
		`{"promptTokenCount":8,"cachedContentTokenCount":9}`:                               {CacheRead: 9},
		`{"promptTokenCount":-8,"candidatesTokenCount":1e3,"thoughtsTokenCount":"7"}`:      {Output: 1000},
		`{"promptTokenCount":99999999999999,"candidatesTokenCount":null}`:                  {Input: 1 << 40}, // the ledger cuts it, and says so
	} {
		m := meter(inJSON)
		m.Feed([]byte(`{"usageMetadata":` + text + `}`))
		if c := m.End(); c.Tokens != want || !c.Complete {
			t.Errorf("%s: %+v", text, c)
		}
	}
}

func TestServiceTiers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"serviceTier":"priority"`: "priority", `"serviceTier":"SERVICE_TIER_FLEX"`: "flex", `"trafficType":"ON_DEMAND_PRIORITY"`: "priority",
		`"trafficType":"ON_DEMAND"`: "", `"serviceTier":"standard"`: "", `"serviceTier":7`: "",
		`"serviceTier":"priority","trafficType":"ON_DEMAND"`: "priority",
	} {
		m := meter(inJSON)
		m.Feed([]byte(`{"usageMetadata":{"promptTokenCount":1,` + text + `}}`))
		if got := m.End().Tier; got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// TestAPictureIsRead: it comes in one object of megabytes, in many parts; one that is longer than anything is not kept.
func TestAPictureIsRead(t *testing.T) {
	t.Parallel()
	feed := func(m *gemini.Meter, contentType string, size int) {
		head, tail := `{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"`, `"}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":1290}}`
		if contentType == eventStream {
			head, tail = "data: "+head, tail+"\n\n"
		}
		m.Feed([]byte(head))
		part := []byte(strings.Repeat("A", 1<<20))
		for range size {
			m.Feed(part)
		}
		m.Feed([]byte(tail))
	}
	for _, contentType := range []string{eventStream, inJSON} {
		m := meter(contentType)
		feed(m, contentType, 3)
		if c := m.End(); !c.Complete || c.Tokens != (usage.Tokens{Input: 7, Output: 1290}) {
			t.Errorf("%s: %+v", contentType, c)
		}
	}
	huge := meter(inJSON)
	feed(huge, inJSON, gemini.Largest>>20)
	if c := huge.End(); c.Complete || c.Seen || !huge.HasContent() {
		t.Errorf("more than there may be: %+v", c)
	}
}

func FuzzMeter(f *testing.F) {
	for _, r := range recordings() {
		f.Add(r[1], r[0] == inJSON, uint16(len(r[1])/2))
	}
	f.Fuzz(func(t *testing.T, text string, whole bool, cut uint16) {
		contentType := eventStream
		if whole {
			contentType = inJSON
		}
		one, two := meter(contentType), meter(contentType)
		one.Feed([]byte(text))
		at := int(cut) % (len(text) + 1)
		two.Feed([]byte(text[:at]))
		two.Feed([]byte(text[at:]))
		a, b := one.End(), two.End()
		if fmt.Sprintf("%+v", a) != fmt.Sprintf("%+v", b) || one.Complete() != two.Complete() || string(one.Failure()) != string(two.Failure()) {
			t.Errorf("%q cut at %d: %+v and %+v", text, at, a, b)
		}
		if n := a.Tokens; n.Input < 0 || n.Output < n.Reasoning || n.CacheRead < 0 || a.Raw != nil && !json.Valid(a.Raw) {
			t.Errorf("%q: %+v", text, a)
		}
	})
}
