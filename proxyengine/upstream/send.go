package upstream

import (
	"net"
	"strconv"
	"sync"
	"time"
)

// joined is up to which size a body is copied behind the head, to leave in one write.
const joined = 16 << 10

var headBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// send writes the whole request. The body's parts are never copied when they are large.
func send(call *Call, conn *pooledConn, req *Request) error {
	if err := conn.SetWriteDeadline(deadline(req.Clocks.Write)); err != nil {
		return err
	}
	buf := headBuffers.Get().(*[]byte)
	defer func() { headBuffers.Put(buf) }()
	length := req.bodyLen()
	b := appendHead((*buf)[:0], req, length)
	if length <= joined {
		for _, part := range req.Body {
			b = append(b, part...)
		}
		*buf = b
		call.sentAt = time.Now()
		_, err := conn.Write(b)
		return err
	}
	*buf = b
	call.sentAt = time.Now()
	return sendParts(conn.Conn, b, req.Body)
}

// sendParts uses one writev on a plain socket, and one write a part under TLS.
func sendParts(conn net.Conn, head []byte, body [][]byte) error {
	parts := make(net.Buffers, 0, len(body)+1)
	parts = append(append(parts, head), body...)
	_, err := parts.WriteTo(conn)
	return err
}

func appendHead(b []byte, req *Request, length int) []byte {
	b = append(b, req.Method...)
	b = append(b, ' ')
	b = append(b, req.Target...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, req.Endpoint.Host...)
	b = append(b, "\r\n"...)
	for i := range req.Header {
		b = append(b, req.Header[i].Name...)
		b = append(b, ": "...)
		b = append(b, req.Header[i].Value...)
		b = append(b, "\r\n"...)
	}
	if length > 0 || req.Method != "GET" && req.Method != "HEAD" {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(length), 10)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}
