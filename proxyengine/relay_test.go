package proxyengine_test

import (
	"strings"
	"testing"

	"crs/lab/crstest"
	"crs/lab/simulator"
)

func TestAnAnswerComesThrough(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("alice")
	got := b.Post(key, crstest.Hello)
	if got.Status != 200 || !strings.Contains(got.Body, "pong") || got.Err != nil {
		t.Fatalf("%+v", got)
	}
	stream := b.Post(key, crstest.Stream)
	if stream.Status != 200 || stream.Err != nil || stream.Header.Get("Content-Type") == "" {
		t.Fatalf("%+v", stream)
	}
	names := crstest.Events(stream.Body)
	if names[0] != "message_start" || names[len(names)-1] != "message_stop" {
		t.Errorf("events %v", names)
	}
	b.Idle()
	for _, r := range b.Newest(2) {
		want := simulator.DefaultUsage()
		if r.Status != 200 || r.Source != "upstream" || r.InputTokens != want.Input || r.OutputTokens != want.Output || r.CacheRead != want.CacheRead ||
			r.CacheWrite5m != want.CacheWrite || r.CacheWrite1h != want.CacheWrite1h || r.Cost == 0 || r.Account != "a" || r.Key != "alice" {
			t.Errorf("%+v", r)
		}
	}
}
