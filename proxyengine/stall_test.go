package proxyengine_test

import (
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
)

func TestAClientThatTakesNothingHoldsNothingForEver(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Timeouts.WriteStall = 300 * ms }))
	b.Account("a", func(a *ctl.NewAccount) { a.MaxConcurrency = 1 })
	key := b.Key("k")
	b.Script("huge(12MB),ok")
	x := call(t, b, key, crstest.Stream)
	x.until(t, "message_start")
	b.Idle()
	if r := b.Last(); !strings.Contains(r.Error, "timeouts.write_stall") || r.Source != "partial" {
		t.Errorf("%+v", r)
	}
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("the account is still taken: %d %s", got.Status, got.Body)
	}
}

func TestASlowClientThatTakesSomethingIsServed(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Timeouts.WriteStall = 2 * time.Second }))
	b.Account("a")
	b.Script("ok(events=30,gap=100ms)") // longer in all than the stall clock
	x := call(t, b, b.Key("k"), crstest.Stream)
	x.until(t, "message_stop")
	b.Idle()
	if r := b.Last(); r.Source != "upstream" || r.Error != "" || r.TotalMS < 2800 {
		t.Errorf("%+v", r)
	}
}

func TestTwoRequestsOnOneConnectionDoNotMeet(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Timeouts.Header = 3 * time.Second }))
	b.Account("a")
	key := b.Key("k")
	x := call(t, b, key, crstest.Stream)
	if err := b.Request(t.Context(), key, crstest.Hello).Write(x); err != nil { // before the first is answered
		t.Fatal(err)
	}
	x.until(t, "message_stop")
	x.until(t, "pong")
	time.Sleep(50 * time.Millisecond)
	if err := b.Request(t.Context(), "cr_wrong", crstest.Hello).Write(x); err != nil {
		t.Fatal(err)
	}
	x.until(t, "authentication_error")
	if err := b.Request(t.Context(), key, crstest.Hello).Write(x); err != nil {
		t.Fatal(err)
	}
	x.until(t, "pong")
	_ = x.Close()
	b.Idle()
	if n := len(b.Newest(10)); n != 3 {
		t.Errorf("%d records", n)
	}
}
