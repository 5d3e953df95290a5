package openai_test

import (
	"fmt"
	"strings"
	"testing"

	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

func hiding(service string) provider.Transformer {
	return openai.NewMeter(&provider.Intent{Service: service, HideUsage: true}, eventStream).(provider.Transformer)
}

// reshape feeds pieces and gives what the client gets.
func reshape(t *testing.T, m provider.Transformer, pieces ...string) string {
	t.Helper()
	var got strings.Builder
	for _, p := range pieces {
		m.Feed([]byte(p))
		out, err := m.Output()
		if err != nil {
			t.Fatal(err)
		}
		got.Write(out)
		if again, _ := m.Output(); len(again) != 0 && len(out) == 0 {
			t.Fatalf("%q came twice", again)
		}
	}
	rest, err := m.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return got.String() + string(rest)
}

// without is a recording without the event that has the figures.
func without(t *testing.T, text, newline string) string {
	t.Helper()
	blank := newline + newline
	events := strings.SplitAfter(text, blank)
	kept := ""
	for _, e := range events {
		if !strings.Contains(e, `"choices":[],`) || !strings.Contains(e, `"usage":{"`) {
			kept += e
		}
	}
	if len(kept) >= len(text) {
		t.Fatal("nothing was taken out")
	}
	return kept
}

// TestOnlyTheFiguresAreLeftOut cuts recordings at every byte, with every line end.
func TestOnlyTheFiguresAreLeftOut(t *testing.T) {
	t.Parallel()
	for _, r := range []recording{chat, completions} {
		for _, newline := range []string{"\n", "\r\n", "\r"} {
			text := strings.ReplaceAll(r.text, "\n", newline)
			want := without(t, text, newline)
			for cut := range len(text) {
				m := hiding(r.service)
				if got := reshape(t, m, text[:cut], text[cut:]); got != want {
					t.Fatalf("%q, cut at %d:\n%q\nwant\n%q", newline, cut, got, want)
				}
				r.check(t, fmt.Sprintf("%s, %q, cut at %d", r.service, newline, cut), m)
			}
			m := hiding(r.service)
			if got := reshape(t, m, strings.SplitAfter(text, "")...); got != want {
				t.Fatalf("%q, byte by byte:\n%q", newline, got)
			}
			r.check(t, r.service+", byte by byte", m)
		}
	}
	if got := hiding(openai.Chat).ContentType(); got != "text/event-stream; charset=utf-8" {
		t.Errorf("%s", got)
	}
}

func TestWhatIsNotOnlyFiguresPasses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`data: {"choices":[],"prompt_filter_results":[]}` + "\n\n",
		`data: {"choices":[],"usage":null}` + "\n\n",
		`data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}` + "\n\ndata: [DONE]\n\n",
		`data: {"usage":{"prompt_tokens":1}}` + "\n\n",
		`data: {"choices":[],"usage":{"prompt_tokens":1}} trailing` + "\n\n",
		": comment\n\n\n\nid: 7\nretry: 5\n\nevent: x\n\n",
		"\ufeff: a byte order mark\n\ndata: [DONE]\n\n",
		"data: [DONE]",
		"data: {\"choices\":[{\"delta\":{\"audio\":{\"data\":\"" + strings.Repeat("A", 300<<10) + "\"}}}],\"usage\":{\"prompt_tokens\":1}}\n\ndata: [DONE]\n\n",
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			if len(text) > 4096 && size == 1 {
				continue
			}
			var pieces []string
			for rest := text; rest != ""; {
				n := min(size, len(rest))
				pieces, rest = append(pieces, rest[:n]), rest[n:]
			}
			if got := reshape(t, hiding(openai.Chat), pieces...); got != text {
				t.Errorf("%.80q in pieces of %d became %.80q", text, size, got)
			}
		}
	}
}

func TestFiguresAtTheVeryEndAreLeftOutToo(t *testing.T) {
	t.Parallel()
	const before, figures = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n", "data: {\"choices\": [ ],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n"
	m := hiding(openai.Chat)
	if got := reshape(t, m, before+figures); got != before {
		t.Errorf("%q", got)
	}
	if c := m.End(); c.Tokens.Input != 3 || c.Tokens.Output != 4 || !c.Seen {
		t.Errorf("%+v", c)
	}
}

func TestTheClientHasWholeEventsOnly(t *testing.T) {
	t.Parallel()
	m := hiding(openai.Chat)
	for i := range len(chat.text) {
		m.Feed([]byte(chat.text[i : i+1]))
		out, _ := m.Output()
		if len(out) > 0 && !strings.HasSuffix(string(out), "\n") || !m.AtBoundary() {
			t.Fatalf("at %d: %q", i, out)
		}
	}
	long := hiding(openai.Chat)
	long.Feed([]byte("data: " + strings.Repeat("A", 1<<20)))
	if out, _ := long.Output(); len(out) != 0 || !long.AtBoundary() {
		t.Errorf("%d bytes of half an event are out", len(out))
	}
	long.Feed([]byte(strings.Repeat("A", 8<<20)))
	if out, _ := long.Output(); len(out) != 9<<20+len("data: ") || long.AtBoundary() {
		t.Errorf("of an event without end %d bytes are out", len(out))
	}
	long.Feed([]byte("\n\n"))
	if out, _ := long.Output(); string(out) != "\n\n" || !long.AtBoundary() {
		t.Errorf("its end is %q", out)
	}
}

func TestOnlyStreamsAreReshaped(t *testing.T) {
	t.Parallel()
	if _, is := openai.NewMeter(&provider.Intent{Service: openai.Chat, HideUsage: true}, inJSON).(provider.Transformer); is {
		t.Error("an answer in JSON is reshaped")
	}
	if _, is := meter(openai.Chat, eventStream).(provider.Transformer); is {
		t.Error("a stream whose client asked for figures is reshaped")
	}
}

func FuzzHidingChangesNothingElse(f *testing.F) {
	f.Add(chat.text, uint16(100))
	f.Add("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\r\n\r\n\r\rdata: x\r\r\n", uint16(3))
	f.Fuzz(func(t *testing.T, text string, cut uint16) {
		at := min(int(cut), len(text))
		got := reshape(t, hiding(openai.Chat), text[:at], text[at:])
		if whole := reshape(t, hiding(openai.Chat), text); got != whole {
			t.Errorf("%q cut at %d: %q, whole: %q", text, at, got, whole)
		}
		if !strings.Contains(text, "usage") && !strings.Contains(text, `\`) && got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}
