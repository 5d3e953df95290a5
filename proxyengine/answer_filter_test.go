package proxyengine

import (
	"strings"
	"testing"

	"crs/proxyengine/scrub"
)

const clearedKey = "sk-ant-api03-q7Wm_Zr4T-x9LpVd2abcd"

// fed gives what a clearing makes of a stream that comes in fragments of a size.
func fed(stream string, size int, u splitter) string {
	s := scrub.New([]scrub.Secret{{Text: clearedKey, Word: scrub.Credential}})
	c := &answerFilter{splitter: u, secrets: secretFilter{secrets: [][]byte{[]byte(clearedKey)}}, scrubber: func() *scrub.Scrubber { return s }, instead: func() []byte { return []byte("event: error\ndata: {}\n\n") }}
	var out strings.Builder
	for len(stream) > 0 {
		n := min(size, len(stream))
		out.Write(c.next([]byte(stream[:n])))
		stream = stream[n:]
	}
	out.Write(c.rest())
	return out.String()
}

func events(stream string) splitter {
	if strings.HasPrefix(stream, "[") {
		return &objectSplitter{}
	}
	return &eventSplitter{empty: true}
}

// TestErrorsWithinAStreamAreCleared, however it is cut into pieces, and nothing else is changed.
func TestErrorsWithinAStreamAreCleared(t *testing.T) {
	t.Parallel()
	talk := "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"an error in org-Q7wmZr4T failed: " + clearedKey + " at 10.0.0.1\"}}\n\n"
	said := strings.ReplaceAll(talk, clearedKey, scrub.Credential) // all that goes of a model's words
	failed := `{"type":"response.failed","response":{"status":"failed","error":{"code":"x","message":"org-Q7wmZr4T at 10.0.0.1"}}}`
	cleared := strings.NewReplacer("org-Q7wmZr4T", "[organization]", "10.0.0.1", "[address]").Replace(failed)
	for name, c := range map[string]struct{ stream, want string }{
		"Anthropic":          {talk + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"in org-Q7wmZr4T at 10.0.0.1\"}}\n\n", said + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"in [organization] at [address]\"}}\n\n"},
		"without its name":   {talk + "data: {\"type\":\"error\",\"error\":{\"message\":\"" + clearedKey + "\"}}\r\n\r\n" + talk, said + "data: {\"type\":\"error\",\"error\":{\"message\":\"[credential]\"}}\r\n\r\n" + said},
		"chat":               {"data: {\"error\":{\"message\":\"org-Q7wmZr4T\",\"code\":null},\"choices\":[]}\n\ndata: [DONE]\n\n", "data: {\"error\":{\"message\":\"[organization]\",\"code\":null},\"choices\":[]}\n\ndata: [DONE]\n\n"},
		"Responses":          {"event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"id\":\"r\",\"instructions\":\"org-Mine1234\",\"error\":{\"code\":\"x\",\"message\":\"org-Q7wmZr4T " + clearedKey + "\"},\"user\":\"" + clearedKey + "\"}}\n\n", "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"id\":\"r\",\"instructions\":\"org-Mine1234\",\"error\":{\"code\":\"x\",\"message\":\"[organization] [credential]\"},\"user\":\"[credential]\"}}\n\n"},
		"a flat error":       {"event: error\ndata: {\"type\":\"error\",\"code\":\"x\",\"message\":\"org-Q7wmZr4T\"}\n\n", "event: error\ndata: {\"type\":\"error\",\"code\":\"x\",\"message\":\"[organization]\"}\n\n"},
		"no JSON":            {"event: error\nid: 7\ndata: " + clearedKey + "\ndata: at 10.0.0.1\nretry: 5\n\n", "event: error\nid: 7\ndata: [credential]\ndata: at [address]\nretry: 5\n\n"},
		"in several lines":   {"data: {\"error\":\ndata: {\"message\":\n data: x\ndata: \"10.0.0.1\"}}\n\n", "data: {\"error\":\ndata: {\"message\":\ndata: \"[address]\"}}\n data: x\n\n"},
		"lines end with CR":  {"event: error\rdata: {\"error\":{\"message\":\"10.0.0.1\"}}\r\r" + talk, "event: error\rdata: {\"error\":{\"message\":\"[address]\"}}\r\r" + said},
		"Gemini":             {"data: {\"candidates\":[]}\r\n\r\ndata: {\"error\":{\"code\":429,\"message\":\"projects/3141\",\"status\":\"X\"}}\r\n\r\n", "data: {\"candidates\":[]}\r\n\r\ndata: {\"error\":{\"code\":429,\"message\":\"projects/[project]\",\"status\":\"X\"}}\r\n\r\n"},
		"Gemini's array":     {"[{\"candidates\":[{\"text\":\"org-Q7wmZr4T error\"}]}\n,\r\n{\"error\":{\"message\":\"org-Q7wmZr4T }\"}}\n]\n", "[{\"candidates\":[{\"text\":\"org-Q7wmZr4T error\"}]}\n,\r\n{\"error\":{\"message\":\"[organization] }\"}}\n]\n"},
		"an error all alone": {"[{\"error\":{\"message\":\"org-Q7wmZr4T\"}}]", "[{\"error\":{\"message\":\"[organization]\"}}]"},
		"no blank line":      {talk + "data: {\"error\":{\"message\":\"10.0.0.1\"}}", said + "data: {\"error\":{\"message\":\"[address]\"}}\n"},
		"cut":                {talk + "event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"at 10.0.0.1, in org-Q7wm", said + "event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"at [address], in [organization]\n"},
		"an error is null":   {"data: {\"type\":\"response.completed\",\"response\":{\"error\":null,\"x\":\"10.0.0.1\"},\"error\":null}\n\n", "data: {\"type\":\"response.completed\",\"response\":{\"error\":null,\"x\":\"10.0.0.1\"},\"error\":null}\n\n"},
		"comments and pings": {": error at 10.0.0.1\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n\n\n", ": error at [address]\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n\n\n"},
		"ids":                {"id: " + clearedKey + "\n" + "event: at.10.0.0.1\n: in org-Q7wmZr4T\ndata: {\"choices\":[{\"delta\":{\"content\":\"org-Q7wmZr4T\"}}]}\n\n", "id: [credential]\nevent: at.[address]\n: in [organization]\ndata: {\"choices\":[{\"delta\":{\"content\":\"org-Q7wmZr4T\"}}]}\n\n"},
		"vLLM":               {"data: {\"object\":\"error\",\"message\":\"org-Q7wmZr4T\"}\n\n", "data: {\"object\":\"error\",\"message\":\"[organization]\"}\n\n"},
		"a code":             {"data: {\"code\":500,\"msg\":\"org-Q7wmZr4T\"}\n\n", "data: {\"code\":500,\"msg\":\"[organization]\"}\n\n"},
		"several":            {"data: {\"errors\":[{\"message\":\"org-Q7wmZr4T\"}]}\n\n", "data: {\"errors\":[{\"message\":\"[organization]\"}]}\n\n"},
		"plain text":         {"data: at 10.0.0.1\n\n", "data: at [address]\n\n"},
		"escaped":            {"data: {\"\\u0065rror\":{\"message\":\"org-Q7wmZr4T\"},\"choices\":[]}\n\n", "data: {\"\\u0065rror\":{\"message\":\"[organization]\"},\"choices\":[]}\n\n"},
		"incomplete":         {"data: {\"type\":\"response.incomplete\",\"response\":{\"output\":[\"org-Mine1234\"],\"incomplete_details\":{\"reason\":\"org-Q7wmZr4T\"}}}\n\n", "data: {\"type\":\"response.incomplete\",\"response\":{\"output\":[\"org-Mine1234\"],\"incomplete_details\":{\"reason\":\"[organization]\"}}}\n\n"},
		"failed for it":      {"data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"message\":\"10.0.0.1\"},\"incomplete_details\":{\"reason\":\"org-Q7wmZr4T\"}}}\n\n", "data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"message\":\"[address]\"},\"incomplete_details\":{\"reason\":\"[organization]\"}}}\n\n"},
		"blocked":            {"data: {\"promptFeedback\":{\"blockReasonMessage\":\"org-Q7wmZr4T\"}}\r\n\r\n", "data: {\"promptFeedback\":{\"blockReasonMessage\":\"[organization]\"}}\r\n\r\n"},
		"two in one":         {talk + failed + "\n" + failed, said + cleared + "\n" + cleared},
		"two behind data":    {"data: " + failed + "\ndata: " + failed + "\n\n", "data: " + cleared + "\ndata: " + cleared + "\n\n"},
		"two in a line":      {"data: " + failed + failed + "\n\n", "data: " + cleared + cleared + "\n\n"},
		"an error behind":    {"data: {\"type\":\"ping\"} " + failed + "\n\n", "data: {\"type\":\"ping\"} " + cleared + "\n\n"},
		"another cut":        {failed + "\n" + failed[:len(failed)-3], cleared + "\n" + cleared[:len(cleared)-3]},
		"a broken secret":    {"event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"key " + clearedKey[:9] + "\ndata: " + clearedKey[9:] + "\"}}\n\n", "event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"key [credential]\"}}\n\n"},
	} {
		for size := 1; size <= len(c.stream); size++ {
			if got := fed(c.stream, size, events(c.stream)); got != c.want {
				t.Errorf("%s, in pieces of %d: %q, not %q", name, size, got, c.want)
				break
			}
		}
	}
}

// TestWhatIsTooLongToBeHeldIsLetThrough unless it is an error, of which the client is told that there was one.
func TestWhatIsTooLongToBeHeldIsLetThrough(t *testing.T) {
	t.Parallel()
	picture := "data: {\"type\":\"image\",\"data\":\"" + strings.Repeat("error", heldUnit) + "\"}\n\n"
	long := "data: {\"type\":\"error\",\"error\":{\"message\":\"" + strings.Repeat(clearedKey+" ", heldUnit/8) + "\"}}\n\n"
	after := "data: {\"type\":\"ping\"}\n\n"
	for _, size := range []int{1 << 10, 16<<10 + 1, 1 << 20} {
		if got := fed(picture+after, size, &eventSplitter{empty: true}); got != picture+after {
			t.Errorf("a picture in pieces of %d came as %d bytes of %d", size, len(got), len(picture+after))
		}
		if got := fed(long+after, size, &eventSplitter{empty: true}); strings.Contains(got, clearedKey) || !strings.HasSuffix(got, after) || len(got) > len(long) {
			t.Errorf("an error in pieces of %d came as %d bytes: %.200s", size, len(got), got)
		}
	}
	array := "[{\"inlineData\":\"" + strings.Repeat("error", heldUnit) + "\"},\n{\"candidates\":[]}]"
	if got := fed(array, 4<<10, &objectSplitter{}); got != array {
		t.Errorf("an array came as %d bytes of %d", len(got), len(array))
	}
}

// TestAnErrorBehindMuchElseIsCleared, and so is what stands around it: how a long event begins does not say how it ends.
func TestAnErrorBehindMuchElseIsCleared(t *testing.T) {
	t.Parallel()
	const said = "in org-Q7wmZr4T at 10.0.0.1"
	long := strings.Repeat("org-Mine1234 says words ", heldUnit/16)
	after := "data: {\"type\":\"ping\"}\n\n"
	for name, c := range map[string]struct{ before, data, want string }{
		"behind content":    {"", `{"choices":[{"delta":{"content":"` + long + `"}}],"error":{"message":"` + said + `"}}`, `{"choices":[{"delta":{"content":"` + long + `"}}],"error":{"message":"in [organization] at [address]"}}`},
		"in a response":     {"", `{"type":"response.completed","response":{"instructions":"` + long + `","error":{"message":"` + said + `"}}}`, `{"type":"response.completed","response":{"instructions":"` + long + `","error":{"message":"in [organization] at [address]"}}}`},
		"itself long":       {"", `{"choices":[],"x":"` + long + `","error":{"message":"` + long + said + `"}}`, `{"choices":[],"x":"` + long + `","error":{"message":` + notPassed + `}}`},
		"in unknown words":  {"", `{"code":500,"who":"` + said + `","picture":"` + strings.Repeat("AbCd", heldUnit) + `","where":"` + said + `"}`, `{"code":500,"who":"in [organization] at [address]","picture":"` + strings.Repeat("AbCd", heldUnit) + `","where":"in [organization] at [address]"}`},
		"in a comment":      {": " + said + "\n", `{"choices":[{"delta":{"content":"` + long + `"}}]}`, `{"choices":[{"delta":{"content":"` + long + `"}}]}`},
		"of unknown length": {"", `{"code":500,"msg":"` + long + said + `"}`, `{"code":500,"msg":` + notPassed + `}`},
	} {
		stream := c.before + "data: " + c.data + "\n: " + said + "\n\n"
		want := strings.ReplaceAll(c.before, said, "in [organization] at [address]") + "data: " + c.want + "\n: in [organization] at [address]\n\n"
		for _, size := range []int{1 << 10, 16<<10 + 1, 4 << 20} {
			if got := fed(stream+after, size, &eventSplitter{empty: true}); got != want+after && size < len(stream) {
				t.Errorf("%s, in pieces of %d: %d bytes, not %d: %.100s … %s", name, size, len(got), len(want+after), got, got[max(0, len(got)-300):])
			}
			if got := fed(stream+after, size, &eventSplitter{empty: true}); strings.Contains(got, "Q7wm") || strings.Contains(got, "10.0.0.1") {
				t.Errorf("%s, in pieces of %d: %s", name, size, got[max(0, len(got)-300):])
			}
		}
	}
}

// FuzzClearing: it does not matter how a stream is cut, none grows out of bounds, and what has no error in it is not changed.
func FuzzClearing(f *testing.F) {
	for _, seed := range []string{
		"event: error\ndata: {\"error\":{\"message\":\"" + clearedKey + "\"}}\n\n", "data: {\"x\":\"error\"}\r\n\r\ndata: x", "[{\"error\":{}},{\"a\":[\"}\"]}]", "\r\r\n\n\r\n", "data:{\"error\":1}\ndata:2\n\n",
	} {
		f.Add(seed, uint8(1))
		f.Add(seed, uint8(7))
	}
	f.Fuzz(func(t *testing.T, stream string, size uint8) {
		for _, u := range []func() splitter{func() splitter { return &eventSplitter{empty: true} }, func() splitter { return &objectSplitter{} }} {
			whole := fed(stream, len(stream)+1, u())
			if got := fed(stream, int(size)+1, u()); got != whole {
				t.Fatalf("in pieces of %d: %q, not %q", size, got, whole)
			}
			if len(whole) > 8*len(stream)+64 {
				t.Fatalf("%d bytes became %d", len(stream), len(whole))
			}
			if strings.HasSuffix(stream, "\n\n") && usualEvents([]byte(stream)) && !mayFail([]byte(stream)) && !strings.Contains(stream, clearedKey) && whole != stream {
				t.Fatalf("%q became %q", stream, whole)
			}
		}
	})
}

// TestTheCredentialIsWithheldFromWhatIsNoStream, in whichever pieces it comes, and nothing of the rest is.
func TestTheCredentialIsWithheldFromWhatIsNoStream(t *testing.T) {
	t.Parallel()
	answer := "{\"data\":[\"sk-ant-api03-q7W, s, sk-ant\",\"" + clearedKey + clearedKey + "\",\"sk-" + clearedKey + "\"],\"end\":\"sk-ant-api03"
	want := strings.ReplaceAll(answer, clearedKey, scrub.Credential)
	for size := 1; size <= len(answer); size++ {
		if got := fed(answer, size, nil); got != want {
			t.Fatalf("in pieces of %d: %q, not %q", size, got, want)
		}
	}
}
