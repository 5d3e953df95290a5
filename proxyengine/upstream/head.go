package upstream

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"crs/proxyengine/provider"
)

// head is the head of an answer, as far as it matters.
type head struct {
	status  int
	header  provider.Header
	length  int64
	framing framing
	close   bool
	at      time.Time // when its first byte had come
}

func (h *head) bodiless() bool { return h.status == 204 || h.status == 304 }

// heads are fasthttp's parsers, kept because each holds buffers.
var heads = sync.Pool{New: func() any { return new(fasthttp.ResponseHeader) }}

var errHeadTooLarge = errors.New("the head of the answer is too large")

// readHead reads heads until one is final (not 1xx). Errors that come from the parser are replaced: they may quote what
// was read.
func readHead(br *bufio.Reader) (*head, error) {
	parser := heads.Get().(*fasthttp.ResponseHeader)
	defer heads.Put(parser)
	parser.DisableNormalizing()
	for range mostInterim + 1 {
		_, _ = br.Peek(1) // what is wrong, the parser meets again
		at := time.Now()
		if err := checkStatusLine(br); err != nil {
			return nil, err
		}
		if err := parser.Read(br); err != nil {
			return nil, plainHeadError(err)
		}
		switch status := parser.StatusCode(); {
		case status == 101:
			return nil, errGarbage
		case status < 200:
			continue
		case status > 599:
			return nil, errStatus(status)
		}
		h := newHead(parser)
		h.at = at
		return h, nil
	}
	return nil, errInterim
}

// mostInterim is how many heads with 1xx may come before an answer. Each is as small as any head, and all of them together
// must come in the time of the first byte.
const mostInterim = 8

// checkStatusLine refuses a status below 100: the parser takes 000 for 200. A line that is too short for a status is the
// parser's to refuse.
func checkStatusLine(br *bufio.Reader) error {
	const before = len("HTTP/1.1 ")
	b, err := br.Peek(before + len("200"))
	switch {
	case err != nil:
		return nil
	case b[before-1] != ' ' || b[before] < '0' || b[before] > '9':
		return errGarbage
	case b[before] == '0':
		status, _ := strconv.Atoi(string(b[before:]))
		return errStatus(status)
	}
	return nil
}

func plainHeadError(err error) error {
	var small *fasthttp.ErrSmallBuffer
	var sock interface {
		error
		Timeout() bool
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case errors.As(err, &small):
		return errHeadTooLarge
	case errors.As(err, &sock):
		return sock // what the socket said, without the parser's words around it
	}
	return errGarbage
}

func newHead(parser *fasthttp.ResponseHeader) *head {
	h := &head{status: parser.StatusCode(), header: provider.CopyHeader(parser.All()), close: parser.ConnectionClose()}
	switch n := parser.ContentLength(); {
	case n >= 0:
		h.length = int64(n)
	case n == -1:
		h.length, h.framing = -1, chunked
	default:
		h.length, h.framing, h.close = -1, untilClose, true
	}
	return h
}
