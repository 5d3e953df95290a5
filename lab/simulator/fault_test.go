package simulator_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"crs/lab/simulator"
)

const (
	headerEnd = "\r\n\r\n"
	bodyEnd   = "\r\n0\r\n\r\n"
)

func TestCutClosesTheConnectionWithoutTheEndOfTheBody(t *testing.T) {
	t.Parallel()
	cases := []struct {
		step   string
		events int
	}{
		{"cut", 4}, // message_start, ping, content_block_start and one delta
		{"cut(after=0)", 0},
		{"cut(after=1)", 1},
		{"cut(after=5,events=20)", 5},
		{"cut(after=999)", 10}, // all there are
	}
	for _, c := range cases {
		t.Run(c.step, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.step)
			conn := s.dial()
			conn.send(request("sk-a", askStream))
			got, err := conn.rest()
			if err != nil {
				t.Errorf("the connection ended with %v, want a plain close", err)
			}
			if !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || strings.HasSuffix(got, bodyEnd) || events(got) != c.events {
				t.Errorf("%d events, want %d and no end:\n%s", events(got), c.events, got)
			}
			if q := s.last(); q.Outcome != simulator.Faulted || q.EventsSent != c.events || q.Status != 200 {
				t.Errorf("recorded %s after %d events, status %d", q.Outcome, q.EventsSent, q.Status)
			}
			if len(s.Served()) != 0 {
				t.Errorf("billed %+v", s.Served())
			}
		})
	}
}

func TestCutSendsHalfOfAJSONBody(t *testing.T) {
	t.Parallel()
	s := start(t, "cut,cut(after=0)")
	whole := len(start(t, "").post("sk-a", ask).body)
	for _, want := range []int{whole / 2, 0} {
		a := s.post("sk-a", ask)
		if a.status != 200 || len(a.body) != want || !errors.Is(a.err, io.ErrUnexpectedEOF) || a.header.Get("Content-Length") != strconv.Itoa(whole) {
			t.Errorf("%d bytes of %s and %v, want %d and an unexpected EOF", len(a.body), a.header.Get("Content-Length"), a.err, want)
		}
	}
}

func TestResetIsATCPReset(t *testing.T) {
	t.Parallel()
	cases := []struct {
		step, body string
		status     int
		part       string
	}{
		{"reset", askStream, 0, ""},
		{"reset", ask, 0, ""},
		{"reset(after=0)", askStream, 200, ""},
		{"reset(after=3)", askStream, 200, "content_block_start"},
		{"reset(after=3)", ask, 200, `{"id":"msg_`},
		{"reset(after=999)", askStream, 200, "message_stop"},
	}
	for _, c := range cases {
		t.Run(c.step+" "+c.body[60:70], func(t *testing.T) {
			t.Parallel()
			s := start(t, c.step)
			conn := s.dial()
			conn.send(request("sk-a", c.body))
			got, err := conn.rest()
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the connection ended with %v, want a reset", err)
			}
			if (got == "") != (c.status == 0) || !strings.Contains(got, c.part) || strings.HasSuffix(got, bodyEnd) {
				t.Errorf("got %q", got)
			}
			if q := s.last(); q.Outcome != simulator.Faulted || q.Status != c.status || q.EventsSent != events(got) {
				t.Errorf("recorded %s, status %d, %d events", q.Outcome, q.Status, q.EventsSent)
			}
		})
	}
}

func TestRefuseClosesWithoutAByte(t *testing.T) {
	t.Parallel()
	s := start(t, "refuse")
	conn := s.dial()
	conn.send(request("sk-a", ask))
	if got, err := conn.rest(); got != "" || err != nil {
		t.Errorf("got %q and %v", got, err)
	}
	if q := s.last(); q.Outcome != simulator.Faulted || q.Status != 0 || q.Step != "refuse" || q.BodyLen != len(ask) {
		t.Errorf("recorded %+v", q)
	}
}

func TestGarbageIsNoHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, "garbage")
	conn := s.dial()
	conn.send(request("sk-a", ask))
	got, err := conn.rest()
	if err != nil || got == "" || strings.HasPrefix(got, "HTTP/") {
		t.Errorf("got %q and %v", got, err)
	}
	s.SetScript("garbage")
	if a := s.post("sk-a", ask); a.status != 0 || !strings.Contains(a.err.Error(), "malformed HTTP") {
		t.Errorf("an HTTP client reads %d %v", a.status, a.err)
	}
}

func TestGarbageInsideA200(t *testing.T) {
	t.Parallel()
	s := start(t, "loop:garbage(json)*2,garbage(html)*2")
	if a := s.post("sk-a", ask); a.status != 200 || a.err != nil || a.header.Get("Content-Type") != "application/json" || json.Valid([]byte(a.body)) {
		t.Errorf("JSON: %d %v %q", a.status, a.err, a.body)
	}
	a := s.post("sk-a", askStream)
	_, data, _ := strings.Cut(a.body, "data: ")
	if a.status != 200 || a.err != nil || events(a.body) != 1 || json.Valid([]byte(data)) || !strings.HasPrefix(a.body, "event: message_start\ndata: {") {
		t.Errorf("stream: %d %v %q", a.status, a.err, a.body)
	}
	for _, body := range []string{ask, askStream} {
		if a := s.post("sk-a", body); a.status != 200 || !strings.HasPrefix(a.body, "<!DOCTYPE html>") || a.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("HTML: %d %q", a.status, a.body)
		}
	}
	for _, q := range s.idle() {
		if q.Outcome != simulator.Faulted {
			t.Errorf("%s was recorded as %s", q.Step, q.Outcome)
		}
	}
}

func TestEmptyIsA200WithoutABody(t *testing.T) {
	t.Parallel()
	s := start(t, "empty*2")
	for _, body := range []string{ask, askStream} {
		if a := s.post("sk-a", body); a.status != 200 || a.body != "" || a.err != nil {
			t.Errorf("%d %v %q", a.status, a.err, a.body)
		}
		if q := s.last(); q.Outcome != simulator.Faulted || q.EventsSent != 0 {
			t.Errorf("recorded %s", q.Outcome)
		}
	}
}

func TestAnErrorEventComesInsideA200(t *testing.T) {
	t.Parallel()
	const overloaded = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"
	cases := []struct {
		step   string
		events int
		says   string
	}{
		{"error", 1, overloaded},
		{"error(overloaded_error)", 1, overloaded},
		{"error(overloaded_error,after=0)", 2, overloaded},
		{"error(rate_limit_error,after=2)", 6, `"type":"rate_limit_error","message":"This request would exceed your account's rate limit.`},
		{"error(overloaded_error,after=999)", 11, overloaded},
	}
	for _, c := range cases {
		t.Run(c.step, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.step)
			a := s.post("sk-a", askStream)
			last := a.body[strings.LastIndex(a.body, "event: "):]
			if a.status != 200 || a.err != nil || events(a.body) != c.events || !strings.Contains(last, c.says) {
				t.Errorf("%d %v, %d events, want %d; the last is %s", a.status, a.err, events(a.body), c.events, last)
			}
			if q := s.last(); q.Outcome != simulator.Faulted || q.EventsSent != c.events {
				t.Errorf("recorded %s after %d", q.Outcome, q.EventsSent)
			}
		})
	}
}

func TestGzipIsSentToWhoeverAskedForIdentity(t *testing.T) {
	t.Parallel()
	for _, body := range []string{ask, askStream} {
		want := start(t, "").post("sk-a", body).body
		for step, encoding := range map[string]string{"gzip": "gzip", "gzip(silent)": ""} {
			s := start(t, step)
			a := s.do("POST", "/v1/messages", body, "x-api-key: sk-a", "anthropic-version: 1", "accept-encoding: identity")
			z, err := gzip.NewReader(strings.NewReader(a.body))
			if err != nil {
				t.Fatalf("%s: %v in %q", step, err, a.body)
			}
			got, err := io.ReadAll(z)
			if string(got) != want || err != nil || a.header.Get("Content-Encoding") != encoding {
				t.Errorf("%s: %v, encoding %q, %q", step, err, a.header.Get("Content-Encoding"), got)
			}
			if q := s.last(); q.Outcome != simulator.Served {
				t.Errorf("%s was recorded as %s", step, q.Outcome)
			}
		}
	}
}

func TestEveryGzippedEventCanBeReadAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, "gzip(gap=1h)")
	conn := s.dial()
	conn.send(request("sk-a", askStream))
	resp, err := http.ReadResponse(conn.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, len("event: message_start\n"))
	if _, err := io.ReadFull(z, first); err != nil || string(first) != "event: message_start\n" {
		t.Errorf("%q %v", first, err)
	}
}

func TestCRLFEndsEveryLine(t *testing.T) {
	t.Parallel()
	want := start(t, "").post("sk-a", askStream).body
	a := start(t, "crlf").post("sk-a", askStream)
	if a.body != strings.ReplaceAll(want, "\n", "\r\n") || a.err != nil {
		t.Errorf("%v %q", a.err, a.body)
	}
}

// chunks gives the chunks of a raw answer.
func chunks(t *testing.T, answer string) []string {
	t.Helper()
	_, rest, _ := strings.Cut(answer, headerEnd)
	var all []string
	for {
		size, after, _ := strings.Cut(rest, "\r\n")
		n, err := strconv.ParseInt(size, 16, 32)
		if err != nil || len(after) < int(n)+2 || after[n:n+2] != "\r\n" {
			t.Fatalf("chunk size %q in %q", size, rest)
		}
		if n == 0 {
			return all
		}
		all = append(all, after[:n])
		rest = after[n+2:]
	}
}

func TestSplitCutsLinesEventsAndCharacters(t *testing.T) {
	t.Parallel()
	s := start(t, "split")
	conn := s.dial()
	conn.send(request("sk-a", askStream))
	parts := chunks(t, conn.until(bodyEnd))
	if got, want := strings.Join(parts, ""), start(t, "").post("sk-a", askStream).body; got != want {
		t.Errorf("together they are\n%s\nwant\n%s", got, want)
	}
	var midLine, midCharacter, spanning bool
	for _, p := range parts {
		midLine = midLine || !strings.HasSuffix(p, "\n")
		midCharacter = midCharacter || !utf8.ValidString(p)
		_, after, _ := strings.Cut(p, "\n\n")
		spanning = spanning || after != ""
		if strings.Contains(p, "—") {
			t.Errorf("%q has a whole long character", p)
		}
	}
	if !midLine || !midCharacter || !spanning {
		t.Errorf("mid-line %t, mid-character %t, over events %t in %q", midLine, midCharacter, spanning, parts)
	}
	if a := start(t, "split").post("sk-a", ask); said(t, a) == "" || a.err != nil {
		t.Errorf("JSON: %v %q", a.err, a.body)
	}
}

func TestDripSendsOneByteAtATime(t *testing.T) {
	t.Parallel()
	s := start(t, "drip(200us)*2")
	conn := s.dial()
	conn.send(request("sk-a", askStream))
	began := time.Now()
	parts := chunks(t, conn.until(bodyEnd))
	for _, p := range parts {
		if len(p) != 1 {
			t.Fatalf("a chunk is %q", p)
		}
	}
	if took := time.Since(began); took < time.Duration(len(parts))*200*time.Microsecond {
		t.Errorf("%d bytes took %s", len(parts), took)
	}
	began = time.Now()
	a := s.post("sk-a", ask)
	if took := time.Since(began); a.err != nil || took < time.Duration(len(a.body))*200*time.Microsecond {
		t.Errorf("%d bytes took %s, %v", len(a.body), took, a.err)
	}
}

func TestNoLengthEndsTheBodyWithTheConnection(t *testing.T) {
	t.Parallel()
	for _, body := range []string{ask, askStream} {
		s := start(t, "nolength")
		conn := s.dial()
		conn.send(request("sk-a", body))
		got, err := conn.rest()
		head, rest, _ := strings.Cut(got, headerEnd)
		for _, absent := range []string{"Content-Length", "Transfer-Encoding"} {
			if strings.Contains(head, absent) {
				t.Errorf("%s in %s", absent, head)
			}
		}
		want := start(t, "").post("sk-a", body).body
		if err != nil || rest != want || !strings.Contains(head, "Connection: close") {
			t.Errorf("%v %q", err, got)
		}
		if q := s.last(); q.Outcome != simulator.Served {
			t.Errorf("recorded %s", q.Outcome)
		}
	}
}

func TestHugeIsOneEventOfThatSize(t *testing.T) {
	t.Parallel()
	a := start(t, "huge(4MB)").post("sk-a", askStream)
	longest := 0
	for _, data := range dataLines(t, a.body) {
		longest = max(longest, len(data))
	}
	if a.err != nil || longest < 4<<20 || longest > 4<<20+200 || events(a.body) != 7 {
		t.Errorf("the longest of %d events has %d bytes, %v", events(a.body), longest, a.err)
	}
}

func TestSlowKeepsTheStatusLineBack(t *testing.T) {
	t.Parallel()
	s := start(t, "slow(80ms)*2")
	for _, body := range []string{ask, askStream} {
		began := time.Now()
		a := s.post("sk-a", body)
		if took := time.Since(began); took < 80*time.Millisecond || a.status != 200 || a.err != nil {
			t.Errorf("%d %v after %s", a.status, a.err, took)
		}
		if q := s.last(); q.Outcome != simulator.Served || q.EndedAt.Sub(q.At) < 80*time.Millisecond {
			t.Errorf("recorded %s after %s", q.Outcome, q.EndedAt.Sub(q.At))
		}
	}
}

func TestStallFallsSilentWhereItSays(t *testing.T) {
	t.Parallel()
	cases := []struct{ step, body, before string }{
		{"stall", askStream, headerEnd},
		{"stall(after=0)", askStream, headerEnd},
		{"stall(after=3)", askStream, "\"text\":\"\"}}\n\n\r\n"},
		{"stall(after=99)", askStream, "message_stop\"}\n\n\r\n"},
		{"stall", ask, headerEnd},
	}
	for _, c := range cases {
		t.Run(c.step+" "+c.body[60:70], func(t *testing.T) {
			t.Parallel()
			conn := start(t, c.step).dial()
			conn.send(request("sk-a", c.body))
			before := conn.until(c.before)
			conn.silent()
			if strings.Contains(before, bodyEnd) {
				t.Errorf("the body has ended: %q", before)
			}
		})
	}
}

func TestAStallEndsAfterAsLongAsItSays(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"stall(for=80ms)", "stall(after=0,for=80ms)", "stall(after=3,for=80ms)", "stall(after=99,for=80ms)"} {
		s := start(t, step+"*2")
		for _, body := range []string{ask, askStream} {
			a := s.post("sk-a", body)
			if q := s.last(); a.status != 200 || a.err != nil || q.Outcome != simulator.Served || q.EndedAt.Sub(q.At) < 80*time.Millisecond {
				t.Errorf("%s: %d %v, recorded %s after %s", step, a.status, a.err, q.Outcome, q.EndedAt.Sub(q.At))
			}
		}
	}
}

func TestEventsComeWithTheirGap(t *testing.T) {
	t.Parallel()
	conn := start(t, "ok(events=4,gap=1h)").dial()
	conn.send(request("sk-a", askStream))
	conn.until("\n\n\r\n")
	conn.silent()
	s := start(t, "ok(events=4,gap=20ms)")
	if a := s.post("sk-a", askStream); events(a.body) != 10 || a.err != nil {
		t.Errorf("%d events, %v", events(a.body), a.err)
	}
	if q := s.last(); q.EndedAt.Sub(q.At) < 9*20*time.Millisecond {
		t.Errorf("ten events took %s", q.EndedAt.Sub(q.At))
	}
}

func TestTheConnectionIsKeptAfterNormalAnswers(t *testing.T) {
	t.Parallel()
	s := start(t, "ok,ok(gap=1ms),stall(for=1ms),429,crlf,gzip,split,empty,garbage(json),error,drip(10us,events=1,text=x),slow(1ms),ok")
	conn := s.dial()
	for range 13 {
		conn.send(request("sk-a", askStream))
		resp, err := http.ReadResponse(conn.r, nil)
		if err != nil {
			t.Fatalf("after %d answers: %v", len(s.Requests()), err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatalf("after %d answers: %v", len(s.Requests()), err)
		}
		_ = resp.Body.Close()
	}
	if all := s.idle(); len(all) != 13 || all[12].Outcome != simulator.Served {
		t.Errorf("%d requests arrived", len(all))
	}
}

func TestPipelinedRequestsAreAllAnswered(t *testing.T) {
	t.Parallel()
	s := start(t, "ok(gap=1ms),slow(20ms),ok")
	conn := s.dial()
	conn.send(request("sk-a", askStream))
	conn.until("ping\"") // the simulator is waiting between two events now
	conn.send(request("sk-a", askStream) + request("sk-a", askStream))
	for range 3 {
		conn.until(bodyEnd)
	}
	for _, q := range s.idle() {
		if q.Outcome != simulator.Served || q.BodyLen != len(askStream) {
			t.Errorf("%s was recorded as %s with %d bytes", q.Step, q.Outcome, q.BodyLen)
		}
	}
}

func TestClientsOfOtherKindsAreUnderstood(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	t.Run("HTTP/1.0", func(t *testing.T) {
		conn := s.dial()
		conn.send(strings.Replace(request("sk-a", askStream), "HTTP/1.1", "HTTP/1.0", 1))
		got, err := conn.rest()
		if err != nil || strings.Contains(got, "chunked") || !strings.HasSuffix(got, "message_stop\"}\n\n") {
			t.Errorf("%v %q", err, got)
		}
	})
	t.Run("Connection: close", func(t *testing.T) {
		conn := s.dial()
		conn.send(strings.Replace(request("sk-a", ask), "Host: sim", "Host: sim\r\nConnection: close", 1))
		got, err := conn.rest()
		if err != nil || !strings.Contains(got, "\r\nConnection: close\r\n") || !strings.HasSuffix(got, "}") {
			t.Errorf("%v %q", err, got)
		}
	})
	t.Run("a chunked body", func(t *testing.T) {
		conn := s.dial()
		head, body, _ := strings.Cut(request("sk-a", ask), headerEnd)
		head = head[:strings.Index(head, "Content-Length")] + "Transfer-Encoding: chunked"
		conn.send(head + headerEnd + strconv.FormatInt(int64(len(body)), 16) + "\r\n" + body + "\r\n0\r\n\r\n")
		resp, err := http.ReadResponse(conn.r, nil)
		if err != nil || resp.StatusCode != 200 {
			t.Errorf("%v %v", resp, err)
		}
	})
	t.Run("Expect: 100-continue", func(t *testing.T) {
		conn := s.dial()
		head, body, _ := strings.Cut(request("sk-a", ask), headerEnd)
		for range 2 {
			conn.send(head + "\r\nExpect: 100-continue" + headerEnd)
			if got := conn.until(headerEnd); !strings.HasPrefix(got, "HTTP/1.1 100 ") {
				t.Errorf("%q", got)
			}
			conn.send(body)
			if got := conn.until("\"standard\"}}"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
				t.Errorf("%q", got)
			}
		}
	})
	t.Run("no HTTP", func(t *testing.T) {
		conn := s.dial()
		conn.send("hello\r\n\r\n")
		if got, err := conn.rest(); err != nil || !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%v %q", err, got)
		}
	})
	t.Run("no HTTP after a good request", func(t *testing.T) {
		conn := s.dial()
		conn.send(request("sk-a", ask))
		conn.until("\"standard\"}}")
		conn.send("hello\r\n\r\n")
		if got, err := conn.rest(); err != nil || !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%v %q", err, got)
		}
	})
}

func TestABigBodyIsTaken(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	body := []byte(`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"` + strings.Repeat(`\\\"x`, 1<<20) + `"}]}`)
	if a := s.post("sk-a", string(body)); a.status != 200 {
		t.Errorf("%d %.100s", a.status, a.body)
	}
	if a := s.post("sk-a", string(bytes.TrimSuffix(body, []byte("}")))); a.status != 400 {
		t.Errorf("one that ends early gets %d", a.status)
	}
}
