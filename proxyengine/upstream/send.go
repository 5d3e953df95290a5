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
	whole := deadline(req.Clocks.Write)
	if err := conn.SetWriteDeadline(whole); err != nil {
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
	return sendParts(conn.Conn, whole, req.Clocks.Stall, b, req.Body)
}

// piece is how much of a large body an upstream has to take in the time that it may stall. Most bodies are smaller.
const piece = 1 << 20

// sendParts uses one writev a piece on a plain socket, and one write a part under TLS. An upstream that reads nothing is given up
// long before the time is over that the whole request may take.
func sendParts(conn net.Conn, whole time.Time, stall time.Duration, head []byte, body [][]byte) error {
	next, size := append(make(net.Buffers, 0, len(body)+1), head), 0
	send := func() error {
		if stall > 0 {
			if err := conn.SetWriteDeadline(sooner(whole, time.Now().Add(stall))); err != nil {
				return err
			}
		}
		_, err := next.WriteTo(conn)
		next, size = net.Buffers{}, 0
		return err
	}
	for _, part := range body {
		for len(part) > piece-size {
			next, part = append(next, part[:piece-size]), part[piece-size:]
			if err := send(); err != nil {
				return err
			}
		}
		next, size = append(next, part), size+len(part)
	}
	return send()
}

// sooner leaves out a time that is zero.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
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
