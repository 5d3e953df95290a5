package proxyengine

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"

	"crs/proxyengine/provider"
)

// decode takes the encoding off a body that its client compressed: the relay must read it, and not every upstream can.
// What comes out is bounded as a body that came plain is, whatever the compressed one promises.
func (x *exchange) decode() error {
	coding := codingOf(x.in.Header)
	if coding == "" {
		return nil
	}
	unreadable := func(error) error {
		return fault(provider.BadRequest, "content-encoding: the body is not %s", coding)
	}
	if !slices.Contains(codings, coding) {
		f := fault(provider.BadRequest, "content-encoding: %q is none of gzip, deflate, zstd", coding)
		f.Status = fasthttp.StatusUnsupportedMediaType
		return f
	}
	done, err := x.borrowDecoder(coding)
	if err != nil {
		return err
	}
	defer done()
	packed := x.in.Body
	from, err := decoder(coding, packed)
	if err != nil {
		return unreadable(err)
	}
	x.in.Body = nil
	defer func() {
		putBuffer(packed)
		x.memory.give(forBody, int64(cap(packed)))
	}()
	defer from.Close()
	if err := x.fill(&inPieces{from: from, spot: &x.spot}, -1, unreadable); err != nil {
		return err
	}
	x.in.Header = slices.DeleteFunc(x.in.Header, func(f provider.Field) bool { return strings.EqualFold(f.Name, "content-encoding") })
	return nil
}

// codingOf is what a body is compressed with; "" when it is not.
func codingOf(h provider.Header) string {
	coding := strings.ToLower(strings.TrimSpace(h.Get("content-encoding")))
	if coding == "identity" {
		return ""
	}
	return coding
}

// mostDecoders is how many are at work at once, of all keys; a key has half of them at most. Each is done within a fraction
// of a second, so more would take memory and gain nothing.
const mostDecoders = 6

// borrowDecoder waits until there is a decoder for x, and memory for it and for what may come out. done gives both back.
func (x *exchange) borrowDecoder(coding string) (done func(), err error) {
	if err := x.promise(x.settings.BodyMax); err != nil {
		return nil, err
	}
	x.turn = reservation{budget: x.e.decoders, key: x.memory.key}
	if err := x.take(&x.turn, forDecoder, 1); err != nil {
		return nil, err
	}
	done = func() {
		x.memory.drop(forDecoder)
		x.turn.close()
		x.turn = reservation{}
	}
	if err := x.reserve(forDecoder, windowOf(coding, x.in.Body)+decoderSize); err != nil {
		done()
		return nil, err
	}
	return done, nil
}

// takeUnpacking takes n bytes for an exchange whose turn it is to unpack. While it waits for them, others unpack.
func (x *exchange) takeUnpacking(of purpose, n int64) error {
	if x.memory.try(of, n) {
		return nil
	}
	x.turn.drop(forDecoder)
	if err := x.take(&x.memory, of, n); err != nil {
		return err
	}
	return x.take(&x.turn, forDecoder, 1)
}

// codings are those that are known.
var codings = []string{"gzip", "x-gzip", "deflate", "zstd"}

func decoder(coding string, packed []byte) (io.ReadCloser, error) {
	from := bytes.NewReader(packed)
	switch coding {
	case "deflate":
		return zlib.NewReader(from)
	case "zstd":
		z, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecodeBuffersBelow(0), zstd.WithDecoderMaxWindow(uint64(windowOf(coding, packed))))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return gzip.NewReader(from)
}

const (
	// decoderSize is what a decoder holds beside its window.
	decoderSize = 256 << 10
	// leastWindow is the smallest that a zstd frame can declare, and mostWindow the largest that RFC 9659 has clients use over
	// HTTP.
	leastWindow, mostWindow = 1 << 10, 8 << 20
)

// windowOf is how much of what it has unpacked a decoder keeps, as the body's first frame declares it. A later frame may not
// declare more.
func windowOf(coding string, packed []byte) int64 {
	var h zstd.Header
	if coding != "zstd" || h.Decode(packed) != nil {
		return leastWindow
	}
	window := h.WindowSize
	if h.SingleSegment {
		window = h.FrameContentSize
	}
	return int64(min(max(window, leastWindow), mostWindow))
}
