package demo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"crs/ctl"
)

func TestTheDemonstrationRelaysAndLeavesNothing(t *testing.T) {
	t.Parallel()
	d, err := Start(t.Context(), Options{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := d.Play(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, c := range conversations() {
		if !strings.Contains(out.String(), c.protocol+"\n  you:    "+c.question+"\n  answer: "+answer+"\n") {
			t.Errorf("it prints\n%s", &out)
		}
	}
	u, err := d.client.Usage(t.Context(), ctl.UsageQuery{})
	if err != nil || u.Total.Requests != int64(len(conversations())) || u.Total.InputTokens != int64(1200*len(conversations())) || u.Total.Cost == 0 {
		t.Errorf("used %+v, %v", u.Total, err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := os.Stat(d.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is left: %v", err)
	}
	if err := d.Wait(t.Context()); err == nil {
		t.Error("a daemon that has ended is no error to who waits")
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := (&Demo{ended: make(chan struct{})}).Wait(ctx); err != nil {
		t.Error(err)
	}
}

func TestTheTextOfAMessageIsReadAsItComes(t *testing.T) {
	t.Parallel()
	const delta = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n"
	for name, test := range map[string]struct {
		stream, said, err string
	}{
		"whole":         {delta + delta + "data: {\"type\":\"message_stop\"}\n\n" + delta, "hi|hi|", ""},
		"broken off":    {delta, "hi|", "the answer broke off"},
		"with an error": {delta + "data: {\"type\":\"error\",\"error\":{\"message\":\"overloaded\"}}\n\n", "hi|", "overloaded"},
		"not JSON":      {"data: {\n\n", "", "read an event"},
		"empty":         {"", "", "the answer broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := ""
			c := conversations()[0]
			err := c.read(strings.NewReader(test.stream), func(text string) { said += text + "|" })
			if said != test.said || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("said %q, %v", said, err)
			}
		})
	}
}
