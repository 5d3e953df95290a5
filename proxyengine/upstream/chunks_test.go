package upstream

import (
	"bytes"
	"io"
	"net/http/httputil"
	"strings"
	"testing"
)

// decode runs input through compact in pieces of the given size.
func decode(input string, size int) (payload string, rest int, done bool, err error) {
	var c chunks
	var out bytes.Buffer
	for len(input) > 0 && c.state != ended {
		piece := []byte(input[:min(size, len(input))])
		n, consumed, err := c.compact(piece)
		out.Write(piece[:n])
		if err != nil {
			return out.String(), len(input), false, err
		}
		input = input[consumed:]
	}
	return out.String(), len(input), c.state == ended, nil
}

func FuzzChunksAgreeWithNetHTTPHoweverTheyAreCut(f *testing.F) {
	f.Add("5\r\nhello\r\n0\r\n\r\n", 1)
	f.Add("A;x=\"y\"\r\n0123456789\r\n1\r\na\r\n0\r\nX: y\r\n\r\nnext", 3)
	f.Add("ffffffffffffffffff\r\n", 2)
	f.Add("0\r\n\r\n", 100)
	f.Fuzz(func(t *testing.T, input string, size int) {
		if size < 1 || size > 1<<16 {
			size = 7
		}
		whole, rest, done, err := decode(input, len(input)+1)
		cut, cutRest, cutDone, cutErr := decode(input, size)
		if whole != cut || (err == nil) != (cutErr == nil) || done != cutDone || err == nil && rest != cutRest {
			t.Fatalf("cut by %d: %q %d %v %v, whole: %q %d %v %v", size, cut, cutRest, cutDone, cutErr, whole, rest, done, err)
		}
		want, wantErr := io.ReadAll(httputil.NewChunkedReader(strings.NewReader(input)))
		if wantErr == nil && (whole != string(want) || err != nil) {
			t.Fatalf("payload %q (%v), net/http says %q", whole, err, want)
		}
	})
}

// TestWhatStandsBetweenChunksIsBounded: an extension, or trailers, without end.
func TestWhatStandsBetweenChunksIsBounded(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]string{
		"an extension": "5;", "a size": "5", "trailers": "0\r\n", "a later extension": "5\r\nhello\r\n5;",
	} {
		for _, more := range []string{"x", " ", "x: y\r\n"} {
			if _, _, done, err := decode(begin+strings.Repeat(more, 1<<20), 4096); done || err == nil {
				t.Errorf("%s, %q without end: %v", name, more, err)
			}
		}
	}
	long := "5;" + strings.Repeat("x", 8000) + "\r\nhello\r\n"
	if got, _, done, err := decode(strings.Repeat(long, 50)+"0\r\n\r\n", 4096); !done || err != nil || len(got) != 250 {
		t.Errorf("%d bytes, %v %v", len(got), done, err)
	}
}
