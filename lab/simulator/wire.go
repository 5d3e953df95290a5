package simulator

import (
	"fmt"
	"strconv"

	"github.com/valyala/fasthttp"

	"crs/lab/simulator/provider"
)

// head renders the status line and the header. A negative length is one that is not known in advance.
func (o *sender) head(r *provider.Reply, length int) {
	o.call.Status = r.Status
	o.framing = o.choose(length)
	lines := fmt.Sprintf("HTTP/1.1 %d %s\r\n", r.Status, reason(r.Status)) +
		provider.Field("Date", o.call.At.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")) + provider.Field("Content-Type", r.Content)
	if r.Stream != nil {
		lines += "Cache-Control: no-cache\r\n"
	}
	lines += r.Header
	if o.step.Verb == provider.DoGzip && o.step.Word != "silent" {
		lines += "Content-Encoding: gzip\r\n"
	}
	o.buf = append(o.buf, lines+o.framingFields(length)+"\r\n"...)
}

func (o *sender) choose(length int) framing {
	switch {
	case o.step.Verb == provider.DoNoLength:
		return byClose
	case length >= 0:
		return byLength
	case o.http10:
		return byClose
	}
	return byChunks
}

func (o *sender) framingFields(length int) (lines string) {
	switch o.framing {
	case byLength:
		lines = provider.IntField("Content-Length", int64(length))
	case byChunks:
		lines = provider.Field("Transfer-Encoding", "chunked")
	case byClose:
		o.closing = true
	}
	if o.closing {
		lines += provider.Field("Connection", "close")
	}
	return lines
}

// frame adds bytes of the body to the buffer, as one chunk where there are chunks.
func (o *sender) frame(p []byte) {
	if len(p) == 0 {
		return // an empty chunk would end the body
	}
	if o.framing != byChunks {
		o.buf = append(o.buf, p...)
		return
	}
	o.buf = strconv.AppendInt(o.buf, int64(len(p)), 16)
	o.buf = append(o.buf, '\r', '\n')
	o.buf = append(o.buf, p...)
	o.buf = append(o.buf, '\r', '\n')
}

// finish adds what is left of the body, and its end.
func (o *sender) finish() error {
	o.frame(o.remainder())
	if o.framing == byChunks {
		o.buf = append(o.buf, "0\r\n\r\n"...)
	}
	return nil
}

func reason(status int) string {
	if status == 529 { // Anthropic's own
		return "Overloaded"
	}
	return fasthttp.StatusMessage(status)
}
