//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// mediumTranslations: requests of 900 KB with 20,000 messages, to be translated: none is large.
func mediumTranslations(a *attacker) {
	body := mediumMessages()
	a.swarm(40, func() { a.post(chatPath, body) })
}

// deepJSON: arrays in arrays, 30 MB of them.
func deepJSON(a *attacker) {
	body := deepArrays()
	a.swarm(10, func() {
		a.post(chatPath, body)
		a.post(messagesPath, body)
	})
}

// manyKeys: a million members, of the request and of an object in it.
func manyKeys(a *attacker) {
	outer, inner := millionKeys(), append(append([]byte(`{"model":"claude-sonnet-4-5","messages":[],"metadata":`), millionKeys()...), '}')
	a.swarm(10, func() {
		a.post(messagesPath, outer)
		a.post(messagesPath, inner)
		a.post(chatPath, inner)
	})
}

var (
	mediumMessages = sync.OnceValue(func() []byte {
		return repeated(`{"model":"claude-sonnet-4-5","messages":[`, `{"role":"user","content":"hello, you"}`, `]}`, 900<<10)
	})
	deepArrays = sync.OnceValue(func() []byte {
		const deep = 15 << 20
		return []byte(`{"model":"claude-sonnet-4-5","messages":` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + `}`)
	})
	millionKeys = sync.OnceValue(func() []byte {
		var b bytes.Buffer
		b.WriteString(`{"model":"claude-sonnet-4-5"`)
		for i := range 1_000_000 {
			fmt.Fprintf(&b, `,"k%d":1`, i)
		}
		b.WriteByte('}')
		return b.Bytes()
	})
)

// manyFields: heads of small fields, or of cookies, without end.
func manyFields(a *attacker) {
	a.swarm(20, func() {
		a.flood("POST "+messagesPath+" HTTP/1.1\r\nhost: crs\r\nx-api-key: "+a.key+"\r\n", strings.Repeat("x-a: b\r\n", 100))
		a.flood("POST "+messagesPath+" HTTP/1.1\r\nhost: crs\r\nx-api-key: "+a.key+"\r\ncookie: a=b", strings.Repeat("; a=b", 100))
	})
}

// hugeQueries: queries as long as a head may be, and without end.
func hugeQueries(a *attacker) {
	a.swarm(20, func() {
		a.post(messagesPath+"?"+strings.Repeat("a=b&", 1800), []byte(question))
		a.flood("POST "+messagesPath+"?", strings.Repeat("a=b&", 100))
	})
}

// upgrades: tries to speak something else.
func upgrades(a *attacker) {
	a.swarm(20, func() {
		for _, head := range []string{
			"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
			"GET /openai/v1/responses HTTP/1.1\r\nhost: crs\r\nauthorization: Bearer " + a.key + "\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
			"POST " + messagesPath + " HTTP/1.1\r\nhost: crs\r\nx-api-key: " + a.key + "\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\ncontent-length: 2\r\n\r\n{}",
			"CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n",
		} {
			a.once(head)
		}
	})
}

// idleConnections: as many as can be opened, three thousand at most, that ask for something and then stay.
func idleConnections(a *attacker) {
	a.rising(3000, func() {
		conn := a.dial()
		if conn == nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "GET /health HTTP/1.1\r\nhost: crs\r\nx-api-key: "+a.key+"\r\n\r\n")
		a.answered(conn)
		<-a.life.Done()
	})
}

// heldRequests: thousands of small requests with heads as long as they may be, to an upstream that never answers.
func heldRequests(a *attacker) {
	body := []byte(`{"model":"claude-sonnet-4-5","max_tokens":16,"messages":[{"role":"user","content":"` + strings.Repeat("many words ", 1200) + `"}]}`)
	a.rising(6000, func() { a.post(messagesPath, body, "x-stainless-lang", strings.Repeat("long words ", 600)) })
}

// saysNothing takes a request, and says nothing until its client has left.
func saysNothing(io.Writer) bool {
	select {}
}

// tinyStreams: a thousand streams that say a word ten times a second.
func tinyStreams(a *attacker) {
	a.rising(1000, func() { a.post(messagesPath, []byte(streamed)) })
}

const streamed = `{"model":"claude-sonnet-4-5","max_tokens":16,"stream":true,"messages":[{"role":"user","content":"hello"}]}`

// wordByWord is a stream that hardly says anything, and does not end.
func wordByWord(w io.Writer) bool {
	_, err := io.WriteString(w, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"+
		"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n")
	for err == nil {
		_, err = io.WriteString(w, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n")
		time.Sleep(100 * time.Millisecond)
	}
	return false
}

// unreadRefusals: requests that are refused, one behind the other, from clients that read none of the refusals.
func unreadRefusals(a *attacker) {
	refused := "POST " + messagesPath + " HTTP/1.1\r\nhost: crs\r\nx-api-key: " + a.key + "\r\ncontent-length: 2\r\n\r\n{}"
	a.swarm(100, func() {
		conn := a.dial()
		if conn == nil {
			return
		}
		defer func() { _ = conn.Close() }()
		defer context.AfterFunc(a.life, func() { _ = conn.Close() })()
		for err := error(nil); err == nil; {
			_, err = io.WriteString(conn, strings.Repeat(refused, 100))
		}
	})
}

// once sends something and reads one answer.
func (a *attacker) once(text string) {
	conn := a.dial()
	if conn == nil {
		return
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(a.life, func() { _ = conn.Close() })()
	_, _ = io.WriteString(conn, text)
	a.answered(conn)
}

func (a *attacker) dial() net.Conn {
	conn, err := new(net.Dialer).DialContext(a.life, "tcp", a.address())
	if err != nil {
		a.noAnswer()
		return nil
	}
	return conn
}

// answered reads an answer's head and counts it.
func (a *attacker) answered(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		a.noAnswer()
		return
	}
	_ = resp.Body.Close()
	a.note(strconv.Itoa(resp.StatusCode))
}
