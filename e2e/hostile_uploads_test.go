//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// spent has the attacking key refused after its first request.
func spent(r *relay) { r.crs("key", "edit", "foe", "--total-cost", "0.0000001") }

// spentUploads: a key whose budget is spent opens sixteen uploads of 32 MB, sends a byte on each, and stays.
func spentUploads(a *attacker) {
	a.post(messagesPath, []byte(question))
	a.swarm(16, func() { a.trickle(declared) })
}

// trickledUploads: a thousand uploads of 32 MB, a byte a second on each.
func trickledUploads(a *attacker) { a.rising(1000, func() { a.trickle(declared) }) }

// trickledChunks: the same with bodies that do not say how long they will be.
func trickledChunks(a *attacker) { a.rising(1000, func() { a.trickle("transfer-encoding: chunked") }) }

// endlessExtensions: twenty bodies in chunks whose first size is followed by an extension that does not end, again and again.
func endlessExtensions(a *attacker) {
	a.swarm(20, func() { a.flood(a.chunks()+"1;", strings.Repeat("a", 64<<10)) })
}

// chunksOfAByte: twenty bodies in chunks of a byte each.
func chunksOfAByte(a *attacker) {
	a.swarm(20, func() { a.flood(a.chunks(), strings.Repeat("1\r\n \r\n", 10<<10)) })
}

// chunks is the head of a body in chunks.
func (a *attacker) chunks() string {
	return "POST " + messagesPath + " HTTP/1.1\r\nhost: crs\r\nx-api-key: " + a.key + "\r\ntransfer-encoding: chunked\r\n\r\n"
}

// flood begins a request and sends the same without end, until it is answered or the attack is over.
func (a *attacker) flood(begin, again string) {
	conn := a.dial()
	if conn == nil {
		return
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(a.life, func() { _ = conn.Close() })()
	_, err := io.WriteString(conn, begin)
	for err == nil {
		_, err = io.WriteString(conn, again)
	}
	a.answered(conn)
}

const declared = "content-length: 33554432"

// chunkedUploads: forty bodies of 30 MB at once that do not say how long they will be, as fast as they are taken.
func chunkedUploads(a *attacker) {
	text := longQuestion()
	a.swarm(40, func() {
		req, err := http.NewRequestWithContext(a.life, http.MethodPost, a.url+messagesPath, io.NopCloser(strings.NewReader(text)))
		if err != nil {
			a.note(err.Error())
			return
		}
		req.ContentLength = -1
		req.Header.Set("x-api-key", a.key)
		resp, err := a.client.Do(req)
		if err != nil {
			a.noAnswer()
			return
		}
		a.note(strconv.Itoa(resp.StatusCode))
		_ = resp.Body.Close()
	})
}

var longQuestion = sync.OnceValue(func() string {
	return `{"model":"claude-sonnet-4-5","max_tokens":5,"messages":[{"role":"user","content":"` + strings.Repeat("a", 30<<20) + `"}]}`
})

// trickle begins an upload and sends a byte of it a second, until it is answered or the attack is over.
func (a *attacker) trickle(length string) {
	ctx, stop := context.WithTimeout(a.life, 10*time.Second)
	defer stop()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", a.address())
	if err != nil {
		a.noAnswer()
		return
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(a.life, func() { _ = conn.Close() })()
	_, _ = io.WriteString(conn, "POST "+messagesPath+" HTTP/1.1\r\nhost: crs\r\nx-api-key: "+a.key+"\r\n"+length+"\r\n\r\n")
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			a.noAnswer()
			return
		}
		_ = resp.Body.Close()
		a.note(strconv.Itoa(resp.StatusCode))
	}()
	one := "x"
	if !strings.Contains(length, "content-length") {
		one = "1\r\nx\r\n"
	}
	for {
		_, _ = io.WriteString(conn, one)
		select {
		case <-answered:
			return
		case <-time.After(time.Second):
		}
	}
}
