package proxyengine_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"crs/lab/crstest"
)

// raw writes text to a relay as it is, and gives the statuses of the answers that come until the relay closes, or there are as many
// as wanted.
func raw(t *testing.T, conn net.Conn, wanted int, pieces ...string) (statuses []int, closed bool) {
	t.Helper()
	defer func() { _ = conn.Close() }()
	for _, p := range pieces {
		if _, err := io.WriteString(conn, p); err != nil {
			return statuses, true
		}
	}
	br := bufio.NewReader(conn)
	for len(statuses) < wanted {
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			return statuses, true
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		statuses = append(statuses, resp.StatusCode)
	}
	return statuses, false
}

func dialer(t *testing.T, b *crstest.Box) func() net.Conn {
	return func() net.Conn {
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
}

// TestLineEndsThatOthersReadInAnotherWayAreRefused: a bare line feed anywhere in a head, and a field that goes on in the next line. A
// proxy in front of the relay may see another request there.
func TestLineEndsThatOthersReadInAnotherWayAreRefused(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	dial := dialer(t, b)
	key := b.Key("k")
	body := strings.ReplaceAll(crstest.Hello, `,"`, ",\n\"") // with line feeds of its own
	head := func(first, rest string) string {
		return fmt.Sprintf("%s%sx-api-key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", first, rest, key, len(body), body)
	}
	const post = "POST /api/v1/messages HTTP/1.1"
	for name, c := range map[string]struct {
		pieces []string
		want   int
	}{
		"well ended":                    {[]string{head(post+"\r\n", "Host: h\r\n")}, 200},
		"in pieces":                     {strings.SplitAfter(head(post+"\r\n", "Host: h\r\n"), "\r"), 200},
		"a line end before it":          {[]string{"\r\n" + head(post+"\r\n", "Host: h\r\n")}, 200},
		"a bare one before it":          {[]string{"\n" + head(post+"\r\n", "Host: h\r\n")}, 400},
		"the first line":                {[]string{head(post+"\n", "Host: h\r\n")}, 400},
		"the first line, in pieces":     {strings.SplitAfter(head(post+"\n", "Host: h\r\n"), " "), 400},
		"the first field":               {[]string{head(post+"\r\n", "Host: h\n")}, 400},
		"another field":                 {[]string{head(post+"\r\n", "Host: h\r\nX-A: b\nX-C: d\r\n")}, 400},
		"a hidden length":               {[]string{head(post+"\r\n", "Host: h\r\nX-A: b\nTransfer-Encoding: chunked\r\n")}, 400},
		"a field that goes on":          {[]string{head(post+"\r\n", "Host: h\r\nX-A: b\r\n c\r\n")}, 400},
		"one that goes on after a tab":  {[]string{head(post+"\r\n", "Host: h\r\nX-A: b\r\n\tc\r\n")}, 400},
		"one that goes on with nothing": {[]string{head(post+"\r\n", "Host: h\r\nX-A: b\r\n \r\n")}, 400},
		"a space before the first":      {[]string{head(post+"\r\n", " Host: h\r\n")}, 400},
		"a bare carriage return":        {[]string{head(post+"\r\n", "Host: h\r\nX-A: b\rc\r\n")}, 400},
		"a zero byte":                   {[]string{head(post+"\r\n", "Host: h\r\nX-A: b\x00c\r\n")}, 400},
		"two lengths":                   {[]string{head(post+"\r\n", "Host: h\r\nContent-Length: 5\r\n")}, 400},
		"a space before the colon":      {[]string{head(post+"\r\n", "Host: h\r\nContent-Length : 5\r\n")}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := raw(t, dial(), 1, c.pieces...)
			if len(got) != 1 || got[0] != c.want {
				t.Errorf("answered %v, not %d", got, c.want)
			}
		})
	}
}

// TestARequestThatIsRefusedForItsLineEndsEndsTheConnection: what follows it may be a part of it.
func TestARequestThatIsRefusedForItsLineEndsEndsTheConnection(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	dial := dialer(t, b)
	const good, bad = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n", "GET /health HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"
	if got, _ := raw(t, dial(), 3, good, good, good); fmt.Sprint(got) != "[200 200 200]" {
		t.Errorf("three good ones: %v", got)
	}
	if got, closed := raw(t, dial(), 3, good+bad+good); fmt.Sprint(got) != "[200 400]" || !closed {
		t.Errorf("sent together: %v, closed %v", got, closed)
	}
	if got, closed := raw(t, dial(), 3, bad+good); fmt.Sprint(got) != "[400]" || !closed {
		t.Errorf("the bad one first: %v, closed %v", got, closed)
	}
	conn := dial()
	if _, err := io.WriteString(conn, good); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(conn)
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 200 {
		t.Fatal(err)
	} else if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	if got, _ := raw(t, conn, 1, "GET /health HTTP/1.1\nHost: h\r\n\r\n"); fmt.Sprint(got) != "[400]" {
		t.Errorf("a bare first line on a connection that was used before: %v", got)
	}
}

// TestChunksEndTheirLinesToo.
func TestChunksEndTheirLinesToo(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	dial := dialer(t, b)
	head := "POST /api/v1/messages HTTP/1.1\r\nHost: h\r\nx-api-key: " + b.Key("k") + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
	size := fmt.Sprintf("%x", len(crstest.Hello))
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"well ended":    {size + "\r\n" + crstest.Hello + "\r\n0\r\n\r\n", 200},
		"a trailer":     {size + "\r\n" + crstest.Hello + "\r\n0\r\nX-A: b\r\n\r\n", 200},
		"a size":        {size + "\n" + crstest.Hello + "\r\n0\r\n\r\n", 400},
		"a chunk":       {size + "\r\n" + crstest.Hello + "\n0\r\n\r\n", 400},
		"the last size": {size + "\r\n" + crstest.Hello + "\r\n0\n\r\n", 400},
		"an extension":  {size + ";a=b\n" + crstest.Hello + "\r\n0\r\n\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, _ := raw(t, dial(), 1, head+c.body); len(got) != 1 || got[0] != c.want {
				t.Errorf("answered %v, not %d", got, c.want)
			}
		})
	}
}

// TestNothingIsServedBehindTrailers: fasthttp reads their lines as loosely as others do not, so that they could hide a request.
func TestNothingIsServedBehindTrailers(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	dial := dialer(t, b)
	const next = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n"
	head := "POST /api/v1/messages HTTP/1.1\r\nHost: h\r\nx-api-key: " + b.Key("k") + "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
	conn := dial()
	for _, c := range []struct {
		text string
		want int
	}{{head + "\r\n", 400}, {next, 200}} {
		if _, err := io.WriteString(conn, c.text); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != c.want {
			t.Fatalf("without trailers: %v, %v", resp, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
	}
	for _, trailers := range []string{"\n\r\n\r\n", "X-A: b\nX-C: d\r\n\r\n", "X-A: b\r\n c\r\n\r\n", "X-A: b\r\n\r\n"} {
		for _, behind := range []string{next, "\r\n" + next} {
			if got, closed := raw(t, dial(), 2, head+trailers+behind); len(got) > 1 || !closed {
				t.Errorf("%q: %v, closed %v", trailers, got, closed)
			}
		}
	}
}

// TestUnderTLSHeadsAreReadAsStrictly.
func TestUnderTLSHeadsAreReadAsStrictly(t *testing.T) {
	t.Parallel()
	b, client := overTLS(t)
	roots := client.Transport.(*http.Transport).TLSClientConfig
	for text, want := range map[string]int{
		"GET /health HTTP/1.1\r\nHost: h\r\n\r\n": 200, "GET /health HTTP/1.1\nHost: h\r\n\r\n": 400, "GET /health HTTP/1.1\r\nHost: h\nX: y\r\n\r\n": 400,
	} {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(b.URL, "https://"), roots)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := raw(t, conn, 1, text); len(got) != 1 || got[0] != want {
			t.Errorf("%q: %v, not %d", text, got, want)
		}
	}
}

// TestWhoSendsOnBehindARefusalIsClosed: refusals cost the relay work, and who reads none of them could have them without end.
func TestWhoSendsOnBehindARefusalIsClosed(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	dial := dialer(t, b)
	const good, refused = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n", "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n"
	if got, closed := raw(t, dial(), 4, refused+refused+refused+refused); fmt.Sprint(got) != "[404 404]" || !closed {
		t.Errorf("sent together: %v, closed %v", got, closed)
	}
	if got, _ := raw(t, dial(), 4, good+good+refused+good); fmt.Sprint(got) != "[200 200 404]" {
		t.Errorf("good ones before it: %v", got)
	}
	if got, _ := raw(t, dial(), 4, good+good+good+good); fmt.Sprint(got) != "[200 200 200 200]" {
		t.Errorf("good ones: %v", got)
	}
}

// TestRequestsMayBeCutAnywhere: of two that come together, the second in two parts, cut at every byte.
func TestRequestsMayBeCutAnywhere(t *testing.T) {
	t.Parallel()
	const one = "GET /health HTTP/1.1\r\nHost: crs\r\n\r\n"
	b := crstest.Start(t)
	for cut := 1; cut < len(one); cut++ {
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		answers := bufio.NewReader(conn)
		for _, part := range []string{one + one[:cut], one[cut:]} {
			if _, err := io.WriteString(conn, part); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatalf("cut behind %q: %v", one[:cut], err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("cut behind %q: %s", one[:cut], resp.Status)
			}
		}
		_ = conn.Close()
	}
}

// TestRequestsAheadOfTheirAnswersMayBeCutAnywhere: several requests come in one piece, whose end is anywhere in the next one.
func TestRequestsAheadOfTheirAnswersMayBeCutAnywhere(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	dial := dialer(t, b)
	const one, ahead = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n", 3
	for cut := range len(one) {
		conn := dial()
		if _, err := io.WriteString(conn, strings.Repeat(one, ahead)+one[:cut]); err != nil {
			t.Fatal(err)
		}
		br := bufio.NewReader(conn)
		for n := range ahead + 1 {
			if n == ahead {
				_, _ = io.WriteString(conn, one[cut:])
			}
			resp, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatalf("cut at %d, answer %d: %v", cut, n, err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("cut at %d, answer %d: %s", cut, n, resp.Status)
			}
		}
		_ = conn.Close()
	}
}
