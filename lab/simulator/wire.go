package simulator

import (
	"strconv"

	"github.com/valyala/fasthttp"
)

// head renders the status line and the header. A negative length is one that is not known in advance.
func (o *sender) head(r *reply, length int) {
	o.call.sent.status = r.status
	o.framing = o.choose(length)
	b := append(o.buf, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(r.status), 10)
	b = append(b, ' ')
	b = append(b, reason(r.status)...)
	b = append(b, '\r', '\n')
	b = append(b, o.date...)
	b = appendField(b, "Content-Type", r.content)
	if r.stream != nil {
		b = append(b, "Cache-Control: no-cache\r\n"...)
	}
	b = append(b, r.fields...)
	if o.step.verb == vGzip && o.step.word != "silent" {
		b = append(b, "Content-Encoding: gzip\r\n"...)
	}
	o.buf = append(o.appendFraming(b, length), '\r', '\n')
}

func (o *sender) choose(length int) framing {
	switch {
	case o.step.verb == vNoLength:
		return byClose
	case length >= 0:
		return byLength
	case o.call.http10:
		return byClose
	}
	return byChunks
}

func (o *sender) appendFraming(b []byte, length int) []byte {
	switch o.framing {
	case byLength:
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(length), 10)
		b = append(b, '\r', '\n')
	case byChunks:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case byClose:
		o.call.closing = true
	}
	if o.call.closing {
		b = append(b, "Connection: close\r\n"...)
	}
	return b
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

// appendField appends a header line, or nothing when there is no value.
func appendField(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, name...)
	b = append(b, ':', ' ')
	b = append(b, value...)
	return append(b, '\r', '\n')
}

func reason(status int) string {
	if status == 529 { // Anthropic's own
		return "Overloaded"
	}
	return fasthttp.StatusMessage(status)
}
