package simulator

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strconv"
)

// framesType is the content type of a stream that consists of binary frames.
const framesType = "application/vnd.amazon.eventstream"

// frames puts the events of a stream into AWS's binary frames.
type frames struct {
	buf   []byte
	badAt int // the frame that gets a wrong checksum, -1 is none
}

// paddings are what the payload of a frame ends in, so that its length tells nothing.
const paddings = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// wrap puts one event, as SSE has it, into a frame. The result is good until the next event.
func (f *frames) wrap(event []byte, out *sender) []byte {
	n := out.call.sent.events
	_, data, _ := bytes.Cut(event, []byte("\ndata: "))
	data = bytes.TrimSuffix(data, []byte("\n\n"))
	b := appendFrameHead(f.buf[:0], "event", "chunk")
	b = append(b, `{"bytes":"`...)
	b = base64.StdEncoding.AppendEncode(b, data)
	b = append(b, `","p":"`...)
	b = append(b, paddings[:1+n*7%len(paddings)]...)
	f.buf = closeFrame(append(b, `"}`...))
	if n == f.badAt {
		f.buf[len(f.buf)-1] ^= 0xff
		out.spoilt = true
	}
	return f.buf
}

// appendFrameHead begins a frame, with room for its lengths. The message type decides what kind is called.
func appendFrameHead(b []byte, messageType, kind string) []byte {
	b = append(b, make([]byte, 12)...)
	b = appendFrameField(b, ":"+messageType+"-type", kind)
	b = appendFrameField(b, ":content-type", jsonType)
	b = appendFrameField(b, ":message-type", messageType)
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)-12))
	return b
}

// appendFrameField appends a header field that is a string.
func appendFrameField(b []byte, name, value string) []byte {
	const stringType = 7
	b = append(append(b, byte(len(name))), name...)
	b = binary.BigEndian.AppendUint16(append(b, stringType), uint16(len(value)))
	return append(b, value...)
}

// closeFrame fills in the lengths and the checksums of the frame that b is.
func closeFrame(b []byte) []byte {
	binary.BigEndian.PutUint32(b, uint32(len(b)+4))
	binary.BigEndian.PutUint32(b[8:], crc32.ChecksumIEEE(b[:8]))
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// exceptionFrame renders an error inside a stream. One that the service does not describe has a name that begins with a
// capital, and is an error frame instead.
func exceptionFrame(kind, message string) []byte {
	if kind[0] >= 'A' && kind[0] <= 'Z' {
		b := appendFrameField(make([]byte, 12), ":error-code", kind)
		b = appendFrameField(b, ":error-message", message)
		b = appendFrameField(b, ":message-type", "error")
		binary.BigEndian.PutUint32(b[4:], uint32(len(b)-12))
		return closeFrame(b)
	}
	b := append(appendFrameHead(nil, "exception", kind), `{"message":`...)
	return closeFrame(append(appendText(b, message), '}'))
}

// appendMetrics adds to the last event what Bedrock counted.
func (m *message) appendMetrics(b []byte) []byte {
	b = append(b, `,"amazon-bedrock-invocationMetrics":{"inputTokenCount":`...)
	b = strconv.AppendInt(b, m.tokens.Input, 10)
	b = append(b, `,"outputTokenCount":`...)
	b = strconv.AppendInt(b, m.tokens.Output, 10)
	b = append(b, `,"invocationLatency":42,"firstByteLatency":7,"cacheReadInputTokenCount":`...)
	b = strconv.AppendInt(b, m.tokens.CacheRead, 10)
	b = append(b, `,"cacheWriteInputTokenCount":`...)
	b = strconv.AppendInt(b, m.tokens.CacheWrite+m.tokens.CacheWrite1h, 10)
	return append(b, '}')
}
