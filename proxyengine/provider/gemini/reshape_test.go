package gemini_test

import (
	"strings"
	"testing"

	"crs/internal/account"
	"crs/internal/usage"
	protocol "crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// objects are an answer of the public API, with what is written between members kept as it is.
var objects = []string{
	`{"candidates":[{"content":{"parts":[{"text":"Gr\u00fc\"}]{"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9},"modelVersion":"gemini-2.5-pro"}`,
	`{ "candidates" :[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]}}]}`,
	`{"candidates":[{"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":5,"thoughtsTokenCount":2}}`,
}

var tokens = usage.Tokens{Input: 6, CacheRead: 4, Output: 7, Reasoning: 2}

func wrap(all []string) []string {
	var out []string
	for _, o := range all {
		out = append(out, `{"response":`+o+`}`)
	}
	return out
}

// traced are the objects as Code Assist sends them; what is beside an answer is only for its own clients.
func traced() []string {
	var out []string
	for _, o := range objects {
		out = append(out, `{"traceId" : "t","response": `+o+` ,"x":1}`)
	}
	return append(out, `{"traceId":"last"}`)
}

func events(end string, all []string) string {
	var b strings.Builder
	for _, o := range all {
		b.WriteString("data: " + o + end + end)
	}
	return b.String()
}

func array(comma string, all []string) string { return "[" + strings.Join(all, comma) + "]" }

type reshaping struct {
	acc           *account.Account
	service       string
	contentType   string
	from, to      string
	toContentType string
}

func reshapings() map[string]reshaping {
	const sse, json = "text/event-stream", "application/json; charset=UTF-8"
	toPublic, toAssist := objects, wrap(objects)
	return map[string]reshaping{
		"events unwrapped": {login(), protocol.Generate, sse, events("\r\n", traced()), events("\r\n", toPublic), sse},
		"array unwrapped":  {login(), protocol.GenerateArray, json, array("\n, ", traced()), array(",\r\n", toPublic), json},
		"one unwrapped":    {login(), protocol.Generate, json, traced()[2] + "\n", objects[2], json},
		"in many lines": {login(), protocol.Generate, sse, "data: {\"response\":{\ndata:  \"candidates\":\ndata: [{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":10,\"cachedContentTokenCount\":4,\"candidatesTokenCount\":5,\"thoughtsTokenCount\":2}}}\n\n",
			events("\r\n", []string{`{ "candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":5,"thoughtsTokenCount":2}}`}), sse},
		"no wrapper":     {login(), protocol.Generate, sse, events("\n", objects), events("\r\n", objects), sse},
		"events wrapped": {key(), protocol.CodeAssist, sse, events("\r\n", objects), events("\r\n", toAssist), sse},
		"array wrapped":  {key(), protocol.CodeAssist, json, array(",", objects), array(",\r\n", toAssist), json},
		"one wrapped":    {key(), protocol.CodeAssist, "application/json", objects[2], toAssist[2], json},
	}
}

func (r *reshaping) meter(t *testing.T) provider.Transformer {
	t.Helper()
	m, ok := newProvider(t).Meter(&provider.Intent{Service: r.service}, r.acc, provider.Header{{Name: "Content-Type", Value: r.contentType}}).(provider.Transformer)
	if !ok {
		t.Fatal("it passes as it is")
	}
	return m
}

// feed gives what the client gets for an answer that comes in these parts.
func feed(m provider.Transformer, parts ...string) (string, error) {
	var got strings.Builder
	for _, p := range parts {
		m.Feed([]byte(p))
		out, err := m.Output()
		got.Write(out)
		if err != nil {
			return got.String(), err
		}
	}
	rest, err := m.Finish()
	got.Write(rest)
	return got.String(), err
}

func TestAnAnswerIsReshapedHoweverItIsCut(t *testing.T) {
	t.Parallel()
	for name, r := range reshapings() {
		for cut := range len(r.from) {
			m := r.meter(t)
			got, err := feed(m, r.from[:cut], r.from[cut:])
			if err != nil || got != r.to || m.ContentType() != r.toContentType {
				t.Fatalf("%s, cut at %d: %v, %s\n%s\nwant\n%s", name, cut, err, m.ContentType(), got, r.to)
			}
			if c := m.End(); c.Tokens != tokens || !c.Complete || !m.Complete() {
				t.Fatalf("%s, cut at %d: %+v", name, cut, c)
			}
		}
		if got, err := feed(r.meter(t), strings.Split(r.from, "")...); err != nil || got != r.to {
			t.Errorf("%s, byte by byte: %v, %s", name, err, got)
		}
	}
}

// TestAnAnswerThatIsCutOffIsNotPassedForWhole: the client gets whole objects, and the end is an error.
func TestAnAnswerThatIsCutOffIsNotPassedForWhole(t *testing.T) {
	t.Parallel()
	for name, r := range reshapings() {
		whole := strings.TrimRight(r.from, "\r\n")
		if strings.HasPrefix(r.from, "data:") { // whole once the finish has come
			whole = whole[:strings.Index(whole, `"finishReason"`)]
		}
		for cut := range len(whole) {
			got, err := feed(r.meter(t), r.from[:cut])
			if err == nil {
				t.Fatalf("%s, cut at %d: it passes for whole: %s", name, cut, got)
			}
			if strings.HasPrefix(r.to, "data:") && !strings.HasPrefix(r.to, got) || strings.Count(got, "data:") != strings.Count(got, "\r\n\r\n") {
				t.Fatalf("%s, cut at %d: %q", name, cut, got)
			}
		}
	}
}

func TestAnErrorWithinAnAnswerIsPassed(t *testing.T) {
	t.Parallel()
	const failure = `{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}`
	for name, r := range reshapings() {
		from := failure
		switch r.from[0] {
		case 'd':
			from = events("\r\n", []string{failure})
		case '[':
			from = array(",", []string{failure})
		}
		m := r.meter(t)
		got, err := feed(m, from)
		if err != nil || got != from || string(m.Failure()) != failure {
			t.Errorf("%s: %v, %s, %s", name, err, got, m.Failure())
		}
	}
}

func TestNonsenseIsAnError(t *testing.T) {
	t.Parallel()
	for name, r := range reshapings() {
		for _, text := range []string{"data: nonsense\n\n", "data: {\"response\":{]}\n\n", "nonsense", "[{}", `[{"candidates":[]} "x"]`, "<html>"} {
			got, err := feed(r.meter(t), text)
			if err == nil {
				t.Errorf("%s: %s passes: %s", name, text, got)
			}
		}
	}
}

func TestWhatNeedsNoReshapingPassesAsItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		acc     *account.Account
		service string
	}{
		{key(), protocol.Generate}, {key(), protocol.GenerateArray}, {key(), protocol.Count}, {key(), protocol.Embed}, {key(), protocol.CodeAssistCount},
		{login(), protocol.CodeAssist}, {login(), protocol.CodeAssistCount}, {login(), protocol.Count},
	} {
		if _, ok := newProvider(t).Meter(&provider.Intent{Service: c.service}, c.acc, nil).(provider.Transformer); ok {
			t.Errorf("%s on %s is reshaped", c.service, c.acc.Platform)
		}
	}
}

// FuzzReshaping: whatever an upstream sends, in whatever parts, the client gets the same.
func FuzzReshaping(f *testing.F) {
	for _, r := range reshapings() {
		f.Add(r.from, uint16(len(r.from)/2))
	}
	f.Fuzz(func(t *testing.T, from string, cut uint16) {
		for name, r := range reshapings() {
			whole, errWhole := feed(r.meter(t), from)
			at := int(cut) % (len(from) + 1)
			parts, errParts := feed(r.meter(t), from[:at], from[at:])
			if (errWhole == nil) != (errParts == nil) || errWhole == nil && whole != parts {
				t.Errorf("%s, %q cut at %d: %q, %v and %q, %v", name, from, at, whole, errWhole, parts, errParts)
			}
		}
	})
}
