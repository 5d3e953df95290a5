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
	coding := strings.ToLower(strings.TrimSpace(x.in.Header.Get("content-encoding")))
	if coding == "" || coding == "identity" {
		return nil
	}
	unreadable := func(error) error {
		return fault(fasthttp.StatusBadRequest, provider.BadRequest, "content-encoding: the body is not %s", coding)
	}
	packed := x.body.buf
	from, err := decoder(coding, packed)
	switch {
	case err != nil:
		return unreadable(err)
	case from == nil:
		return fault(fasthttp.StatusUnsupportedMediaType, provider.BadRequest, "content-encoding: %q is none of gzip, deflate, zstd", coding)
	}
	defer putBuffer(packed)
	defer from.Close()
	if err := x.reserve(smallest); err != nil {
		return err
	}
	if err := x.fill(from, unreadable); err != nil {
		return err
	}
	x.in.Header = slices.DeleteFunc(x.in.Header, func(f provider.Field) bool { return strings.EqualFold(f.Name, "content-encoding") })
	return nil
}

// decoder is nil for a coding that is not known.
func decoder(coding string, packed []byte) (io.ReadCloser, error) {
	from := bytes.NewReader(packed)
	switch coding {
	case "gzip", "x-gzip":
		return gzip.NewReader(from)
	case "deflate":
		return zlib.NewReader(from)
	case "zstd":
		z, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return nil, nil
}

// zstdWindow is the largest that RFC 9659 has clients use over HTTP.
const zstdWindow = 8 << 20
