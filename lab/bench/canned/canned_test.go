package canned_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"crs/lab/bench/canned"
	"crs/lab/simulator"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

const body = `{"model":"claude-opus-4-8","messages":[{"role":"user","content":"Go on."}],"max_tokens":64,"stream":%t}`

// send gives the status, the header and the body of an answer; only numbers and times may differ between two of a kind.
func send(t *testing.T, base, path, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"X-Api-Key": {"sk-ant-a"}, "Anthropic-Version": {"2023-06-01"}}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`sim\d+|\d\d:\d\d:\d\d`).ReplaceAllString(fmt.Sprint(resp.Status, resp.Header, resp.TransferEncoding, string(text)), "N")
}

func start(t *testing.T, a canned.Answer) (addr string) {
	t.Helper()
	s, err := canned.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := canned.Set(t.Context(), s.Addr(), a); err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return s.Addr()
}

func TestAnswersAreTheSimulators(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, script string
		answer       canned.Answer
		stream       bool
	}{
		{"whole", "loop:ok(size=1KB)", canned.Answer{Bytes: 1 << 10}, false},
		{"stream", "loop:ok(events=50)", canned.Answer{Events: 50}, true},
		{"stream with gaps", "loop:ok(events=5)", canned.Answer{Events: 5, Gap: time.Millisecond}, true},
		{"late", "loop:ok", canned.Answer{Wait: time.Millisecond}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sim, err := simulator.Start(simulator.Options{Script: c.script})
			if err != nil {
				t.Fatal(err)
			}
			defer sim.Close()
			addr := start(t, c.answer)
			want := send(t, sim.URL(), "/v1/messages?beta=true", fmt.Sprintf(body, c.stream))
			for i := range 3 {
				if got := send(t, "http://"+addr, "/v1/messages?beta=true", fmt.Sprintf(body, c.stream)); got != want {
					t.Errorf("answer %d is\n%s\nwant\n%s", i, got, want)
				}
			}
		})
	}
}

func TestItFailsAfterAsManyAnswersAsItIsTold(t *testing.T) {
	t.Parallel()
	addr := start(t, canned.Answer{Fails: 2})
	for _, want := range []string{"200", "200", "529", "529"} {
		if got := send(t, "http://"+addr, "/v1/messages", fmt.Sprintf(body, false)); !strings.HasPrefix(got, want) {
			t.Errorf("the answer is %s, want %s", got, want)
		}
	}
}

func TestGapsAndWaitsTakeTheirTime(t *testing.T) {
	t.Parallel()
	addr := start(t, canned.Answer{Events: 10, Gap: 3 * time.Millisecond, Wait: 20 * time.Millisecond})
	began := time.Now()
	got := send(t, "http://"+addr, "/v1/messages", fmt.Sprintf(body, true))
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("%s came after %s", got, took)
	}
}

func TestWhatIsNoPromptIsAnsweredToo(t *testing.T) {
	t.Parallel()
	addr := start(t, canned.Answer{})
	for range 2 {
		if got := send(t, "http://"+addr, "/v1/messages/count_tokens", `{"model":"m","messages":[{"role":"user","content":"x"}]}`); !strings.Contains(got, "input_tokens") {
			t.Errorf("tokens are counted as %s", got)
		}
	}
}

func TestAnAnswerThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	addr := start(t, canned.Answer{})
	if err := canned.Set(t.Context(), addr, canned.Answer{Gap: -time.Second}); err == nil || !strings.Contains(err.Error(), "Gap:-1s") {
		t.Errorf("the error is %v", err)
	}
}
