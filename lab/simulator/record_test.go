package simulator_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/internal/usage"
	"crs/lab/simulator"
)

func TestARequestIsRecordedAsItWasSent(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 10, 30, 0, 0, time.UTC)
	s := startWith(t, simulator.Options{Script: "ok,429(5h)", Now: func() time.Time { return now }})
	conn := s.dial()
	text := strings.Replace(request("sk-a", askStream), "/v1/messages", "/v1/messages?beta=true&x=%2F", 1)
	conn.send(strings.Replace(text, "Host: sim", "host: sim\r\nX-sTaInLeSs-Lang:  js \r\nx-app: cli\r\nx-app: two", 1))
	conn.until(bodyEnd)
	sum := sha256.Sum256([]byte(askStream))
	want := simulator.Request{
		Method: "POST", Path: "/v1/messages", Query: "beta=true&x=%2F",
		Header: simulator.Headers{
			{Name: "host", Value: "sim"}, {Name: "X-sTaInLeSs-Lang", Value: "js"}, {Name: "x-app", Value: "cli"}, {Name: "x-app", Value: "two"},
			{Name: "x-api-key", Value: "sk-a"}, {Name: "anthropic-version", Value: "2023-06-01"}, {Name: "Content-Length", Value: strconv.Itoa(len(askStream))},
		},
		BodySHA256: hex.EncodeToString(sum[:]), BodyLen: len(askStream),
		Credential: "sk-a", Account: "sk-a", Model: "claude-sonnet-5",
		At: now, Step: "ok", Status: 200, EndedAt: now, Outcome: simulator.Served, EventsSent: 10,
	}
	if got := s.last(); !reflect.DeepEqual(got, want) {
		t.Errorf("recorded\n%+v\nwant\n%+v", got, want)
	}
	if got := want.Header.Get("X-APP"); got != "cli" || want.Header.Get("none") != "" {
		t.Errorf("Get gives %q", got)
	}
	s.post("sk-b", ask)
	if q := s.last(); q.Account != "sk-b" || q.Step != "ok" {
		t.Errorf("the second was recorded as %+v", q)
	}
}

func TestARunningRequestIsOnTheBooks(t *testing.T) {
	t.Parallel()
	s := start(t, "sk-a=slow(1h)")
	conn := s.dial()
	conn.send(request("sk-a", ask))
	s.arrived(1)
	if q := s.Requests()[0]; q.Outcome != simulator.Running || !q.EndedAt.IsZero() || q.Step != "slow(1h)" {
		t.Errorf("recorded %+v", q)
	}
}

func TestRecordsAreBounded(t *testing.T) {
	t.Parallel()
	s := startWith(t, simulator.Options{Record: 3})
	for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		s.post(key, ask)
		if n := len(s.Requests()); n > 3 {
			t.Fatalf("%d are kept", n)
		}
	}
	var accounts string
	for _, q := range s.idle() {
		accounts += q.Account
	}
	if accounts != "fgh" || len(s.Served()) != 8 {
		t.Errorf("%s are kept, %d accounts billed", accounts, len(s.Served()))
	}
	s.arrived(8)
}

func TestWithoutRecordsTheFiguresStay(t *testing.T) {
	t.Parallel()
	s := startWith(t, simulator.Options{Record: -1})
	s.post("sk-a", ask)
	s.arrived(1)
	want := map[string]simulator.Bill{"sk-a": {Requests: 1, Tokens: simulator.DefaultUsage()}}
	if got := s.Served(); len(s.idle()) != 0 || !reflect.DeepEqual(got, want) || s.MaxInFlight("sk-a") != 1 {
		t.Errorf("%d records, served %+v", len(s.Requests()), got)
	}
}

func TestOnlyWholeInferenceAnswersAreBilled(t *testing.T) {
	t.Parallel()
	s := start(t, "sk-a=ok,ok,cut,reset,429,error,empty,garbage(json),refuse,crlf,nolength")
	for range 11 {
		s.post("sk-a", askStream)
	}
	s.do("GET", "/v1/models", "", "x-api-key: sk-a", "anthropic-version: 1")
	s.do("POST", "/v1/messages/count_tokens", ask, "x-api-key: sk-a", "anthropic-version: 1")
	s.idle()
	u := simulator.DefaultUsage()
	four := usage.Tokens{Input: 4 * u.Input, Output: 4 * u.Output, CacheRead: 4 * u.CacheRead, CacheWrite: 4 * u.CacheWrite, CacheWrite1h: 4 * u.CacheWrite1h}
	want := map[string]simulator.Bill{"sk-a": {Requests: 4, Tokens: four}}
	if got := s.Served(); !reflect.DeepEqual(got, want) {
		t.Errorf("served %+v, want %+v", got, want)
	}
}

func TestTheMostInFlightIsCountedForEachAccount(t *testing.T) {
	t.Parallel()
	s := start(t, "loop:slow(1h)")
	var conns []*raw
	for _, key := range []string{"a", "b", "a"} {
		conns = append(conns, s.dial())
		conns[len(conns)-1].send(request(key, ask))
	}
	s.do("HEAD", "/", "") // takes no place
	s.arrived(4)
	for account, want := range map[string]int{"a": 2, "b": 1, "": 3, "c": 0} {
		if now, most := s.InFlight(account), s.MaxInFlight(account); now != want || most != want {
			t.Errorf("%q: %d in flight, %d at most, want %d", account, now, most, want)
		}
	}
	for _, c := range conns {
		_ = c.Close()
	}
	s.idle()
	conns[0] = s.dial()
	conns[0].send(request("a", ask))
	s.arrived(5)
	if now, most := s.InFlight("a"), s.MaxInFlight("a"); now != 1 || most != 2 {
		t.Errorf("then %d in flight, %d at most", now, most)
	}
}

func TestOneAfterTheOtherIsNeverTwoInFlight(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	for i := range 200 {
		body := ask
		if i%2 == 0 {
			body = askStream
		}
		conn := s.dial() // a new one, so that the connection keeps no order
		conn.send(request("sk-a", body))
		if i%2 == 0 {
			conn.until("message_stop\"}")
		} else {
			conn.until("\"standard\"}}")
		}
	}
	if n := s.MaxInFlight("sk-a"); n != 1 {
		t.Errorf("%d were in flight at the same time", n)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := start(t, "slow(1h)")
	conn := s.dial()
	conn.send(request("sk-a", ask))
	s.arrived(1)
	ctx, cancel := context.WithCancel(context.Background())
	var waiting sync.WaitGroup
	var seen, idle error
	waiting.Go(func() { seen = s.WaitRequests(ctx, 2) })
	waiting.Go(func() { idle = s.WaitIdle(ctx) })
	cancel()
	waiting.Wait()
	if !errors.Is(seen, context.Canceled) || !strings.Contains(seen.Error(), "wait for 2 requests to the simulator, saw 1") {
		t.Errorf("WaitRequests: %v", seen)
	}
	if !errors.Is(idle, context.Canceled) || !strings.Contains(idle.Error(), "1 requests are running") {
		t.Errorf("WaitIdle: %v", idle)
	}
}

func TestWaitersAreWoken(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	done := make(chan error)
	for n := range 3 {
		go func() { done <- s.WaitRequests(ctx, n+1) }()
	}
	for range 3 {
		s.post("sk-a", ask)
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestASimulatorInAnotherProcessIsControlledOverHTTP(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := startWith(t, simulator.Options{Now: c.now})
	if a := s.do("POST", "/_sim/script", "sk-a=529,ok"); a.status != 204 || a.body != "" {
		t.Errorf("script: %d %s", a.status, a.body)
	}
	if a := s.do("POST", "/_sim/script", "529,nix"); a.status != 400 || !strings.Contains(a.body, `line 1, column 5: unknown step "nix"`) {
		t.Errorf("a wrong script: %d %s", a.status, a.body)
	}
	if a := s.post("sk-a", ask); a.status != 529 {
		t.Errorf("the script was not set, or replaced by a wrong one: %d", a.status)
	}
	for body, want := range map[string]int{`{"access":"sk-ant-oat01-a","refresh":"sk-ant-ort01-a","expires_in":60}`: 204, `{"refresh":"x"}`: 400, `x`: 400} {
		if a := s.do("POST", "/_sim/oauth", body); a.status != want {
			t.Errorf("oauth %s: %d %s", body, a.status, a.body)
		}
	}
	if a := s.login("sk-ant-oat01-a", ask); a.status != 200 {
		t.Errorf("the registered account: %d %s", a.status, a.body)
	}
	c.advance(time.Minute)
	if a := s.login("sk-ant-oat01-a", ask); a.status != 401 {
		t.Errorf("a minute later: %d", a.status)
	}
	var seen []simulator.Request
	a := s.do("GET", "/_sim/requests", "")
	if err := json.Unmarshal([]byte(a.body), &seen); err != nil || !reflect.DeepEqual(zoneless(seen), zoneless(s.idle())) || len(seen) != 3 {
		t.Errorf("requests: %v, %d of them: %s", err, len(seen), a.body)
	}
	var served map[string]simulator.Bill
	a = s.do("GET", "/_sim/served", "")
	if err := json.Unmarshal([]byte(a.body), &served); err != nil || !reflect.DeepEqual(served, s.Served()) || len(served) != 1 {
		t.Errorf("served: %v: %s", err, a.body)
	}
	if a := s.do("GET", "/_sim/script", ""); a.status != 404 || !strings.Contains(a.body, "POST /_sim/script") {
		t.Errorf("something else: %d %s", a.status, a.body)
	}
}

// zoneless drops what JSON drops of times.
func zoneless(all []simulator.Request) []simulator.Request {
	for i := range all {
		all[i].At, all[i].EndedAt = all[i].At.UTC(), all[i].EndedAt.UTC()
	}
	return all
}

func TestTheSameSeedGivesTheSameAnswersOverTheWire(t *testing.T) {
	t.Parallel()
	run := func() (got []int) {
		s := start(t, "random(11,ok=2,529=1,429=1,refuse=1,cut=1)")
		for range 40 {
			got = append(got, s.post("sk-a", ask).status)
			s.post("sk-b", ask)
		}
		return got
	}
	if first, second := run(), run(); !reflect.DeepEqual(first, second) {
		t.Errorf("%v\nthen %v", first, second)
	}
}

func TestANewScriptBeginsAtItsFirstStep(t *testing.T) {
	t.Parallel()
	s := start(t, "529,503")
	if a := s.post("sk-a", ask); a.status != 529 {
		t.Errorf("first: %d", a.status)
	}
	for _, want := range []int{529, 503, 200} {
		if want == 529 {
			if err := s.SetScript("529,503"); err != nil {
				t.Fatal(err)
			}
		}
		if a := s.post("sk-a", ask); a.status != want {
			t.Errorf("after the change: %d, want %d", a.status, want)
		}
	}
	if err := s.SetScript("nix"); err == nil {
		t.Error("a wrong script was taken")
	}
}
