package simulator_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"crs/lab/simulator"
)

var update = flag.Bool("update", false, "write what the simulator answers as what is wanted")

const goldenFile = "testdata/wire.txt"

// recorded is a conversation with a simulator of its own. Each request is a request line, header fields, and after an empty
// line the body.
type recorded struct {
	name, script string
	prepare      func(*simulator.Server)
	requests     []string
}

// TestTheWireIsAsRecorded compares every byte of what the providers answer. Time stands still, so that nothing is left out.
func TestTheWireIsAsRecorded(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	before := map[string]bool{}
	for _, c := range conversations() {
		fmt.Fprintf(&got, "=== %s\n", c.name)
		for i, a := range c.hold(t, before) {
			fmt.Fprintf(&got, "--- %s\n%s\n", strings.SplitN(c.requests[i], "\n", 2)[0], a)
		}
	}
	if *update {
		if err := os.WriteFile(goldenFile, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got.String(), string(want))
}

// compare tells of each conversation that is another one.
func compare(t *testing.T, got, want string) {
	t.Helper()
	was := map[string]string{}
	for part := range strings.SplitSeq(want, "=== ") {
		name, text, _ := strings.Cut(part, "\n")
		was[name] = text
	}
	for part := range strings.SplitSeq(got, "=== ") {
		name, text, _ := strings.Cut(part, "\n")
		if was[name] != text {
			t.Errorf("%s is\n%s\nwant\n%s", name, text, was[name])
		}
		delete(was, name)
	}
	for name := range was {
		t.Errorf("%s is missing", name)
	}
}

// hold starts a simulator, sends the requests one after the other, and gives what came back that was
// not there before.
func (c recorded) hold(t *testing.T, before map[string]bool) (answers []string) {
	t.Helper()
	now := time.Date(2026, 11, 30, 12, 34, 56, 0, time.UTC)
	s, err := simulator.Start(simulator.Options{
		Script: c.script, Now: func() time.Time { return now }, BadKeys: []string{"bad", "fk-bad"}, GoogleSecret: "",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if c.prepare != nil {
		c.prepare(s)
	}
	for i, r := range c.requests {
		text := strings.ReplaceAll(shown(exchangeRaw(t, s.URL(), r)), fmt.Sprintf("sim%018d", i+1), "sim#")
		lines := strings.Split(text, "\n")
		answers = append(answers, strings.Join(abridged(lines, before), "\n"))
		for _, line := range lines {
			before[line] = true
		}
	}
	return answers
}

// abridged leaves out what an answer before had, too: most of what is sent again and again.
func abridged(lines []string, before map[string]bool) []string {
	var kept []string
	for i, n := 0, 0; i < len(lines); i += max(n, 1) {
		for n = 0; i+n < len(lines) && before[lines[i+n]]; n++ {
		}
		if n > 1 || n == 1 && len(lines[i]) > 80 {
			kept = append(kept, fmt.Sprintf("(%d as before)", n))
			continue
		}
		kept, n = append(kept, lines[i]), 1
	}
	return kept
}

func exchangeRaw(t *testing.T, url, request string) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(request, "\n\n")
	line, fields, _ := strings.Cut(head, "\n")
	_, err = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n%s",
		line, strings.ReplaceAll(strings.TrimSuffix(fields, "\n")+"\n", "\n", "\r\n"), len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// shown makes text of an answer in which every byte can be seen.
func shown(answer []byte) string {
	if !utf8.Valid(answer) || bytes.IndexByte(answer, 0x15) >= 0 {
		return strings.ReplaceAll(strconv.QuoteToASCII(string(answer)), `\n`, "\\n\n")
	}
	return strings.ReplaceAll(string(answer), "\r", `\r`)
}
