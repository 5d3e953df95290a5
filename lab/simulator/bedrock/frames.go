package bedrock

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"iter"
	"strings"

	"crs/lab/simulator/anthropic"
	"crs/lab/simulator/provider"
)

// framesType is the content type of a stream that consists of binary frames.
const framesType = "application/vnd.amazon.eventstream"

// paddings are what the payload of a frame ends in, so that its length tells nothing.
const paddings = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// framed puts the events of a message into AWS's binary frames. With a step that wants it, the checksum of one is wrong.
func framed(m *anthropic.Message, st *provider.Step) iter.Seq[provider.Event] {
	return func(yield func(provider.Event) bool) {
		n := 0
		for e := range m.Stream(func(_ string, data []byte) []byte { return chunk(data, n) }) {
			if st.Verb == provider.DoBadCRC && n == max(st.After, 0) {
				e.Text[len(e.Text)-1] ^= 0xff
				e.Spoilt = true
			}
			if !yield(e) {
				return
			}
			n++
		}
	}
}

// chunk is the frame of event n.
func chunk(data []byte, n int) []byte {
	payload := provider.Object("bytes", base64.StdEncoding.EncodeToString(data), "p", paddings[:1+n*7%len(paddings)])
	return frame(payload, ":event-type", "chunk", ":content-type", provider.JSONType, ":message-type", "event")
}

// trouble renders an exception inside a stream. One that the service does not describe has a name that begins with a
// capital, and is an error frame instead.
func trouble(kind string) []byte {
	f, known := findException(kind)
	if known {
		f.kind = strings.ToLower(f.kind[:1]) + f.kind[1:]
	}
	if f.kind[0] >= 'A' && f.kind[0] <= 'Z' {
		return frame(nil, ":error-code", f.kind, ":error-message", f.message, ":message-type", "error")
	}
	return frame(provider.Object("message", f.message), ":exception-type", f.kind, ":content-type", provider.JSONType, ":message-type", "exception")
}

// frame renders a frame with header fields, names and values in turn: its lengths, their checksum, the fields, the payload, and
// the checksum of all that.
func frame(payload []byte, fields ...string) []byte {
	const stringType = 7
	var head []byte
	for i := 0; i < len(fields); i += 2 {
		name, value := fields[i], fields[i+1]
		head = append(append(append(head, byte(len(name))), name...), stringType)
		head = append(binary.BigEndian.AppendUint16(head, uint16(len(value))), value...)
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(16+len(head)+len(payload)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(head)))
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	b = bytes.Join([][]byte{b, head, payload}, nil)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}
