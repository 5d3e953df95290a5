//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

const (
	chatPath     = "/api/v1/chat/completions"
	messagesPath = "/api/v1/messages"
)

// tinyMessages: requests that must be translated, of 30 MB, with a million messages each.
func tinyMessages(a *attacker) {
	body := manyMessages()
	a.swarm(10, func() { a.post(chatPath, body) })
}

// tinyParts: the same with one message of many parts.
func tinyParts(a *attacker) {
	body := manyParts()
	a.swarm(10, func() { a.post(chatPath, body) })
}

// tinyTools: the same with many tools.
func tinyTools(a *attacker) {
	body := manyTools()
	a.swarm(10, func() { a.post(chatPath, body) })
}

// zstdBombs: bodies of 32 KB that become as large as a body may be, each with the largest window.
func zstdBombs(a *attacker) {
	packed := zstdBomb()
	a.swarm(100, func() { a.post(messagesPath, packed, "content-encoding", "zstd") })
}

// gzipBombs: the same with gzip.
func gzipBombs(a *attacker) {
	packed := gzipBomb()
	a.swarm(100, func() { a.post(messagesPath, packed, "content-encoding", "gzip") })
}

// What the attacks send is made once.
var (
	manyMessages = sync.OnceValue(func() []byte {
		return repeated(`{"model":"claude-sonnet-4-5","messages":[`, `{"role":"user","content":"a"}`, `]}`, 30<<20)
	})
	manyParts = sync.OnceValue(func() []byte {
		return repeated(`{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":[`, `{"type":"text","text":"a"}`, `]}]}`, 30<<20)
	})
	manyTools = sync.OnceValue(func() []byte {
		return repeated(`{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"a"}],"tools":[`,
			`{"type":"function","function":{"name":"a"}}`, `]}`, 30<<20)
	})
	zstdBomb = sync.OnceValue(func() []byte {
		return bomb(func(w io.Writer) io.WriteCloser {
			z, _ := zstd.NewWriter(w, zstd.WithWindowSize(8<<20), zstd.WithEncoderConcurrency(1))
			return z
		})
	})
	gzipBomb = sync.OnceValue(func() []byte {
		return bomb(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	})
	deflateBomb = sync.OnceValue(func() []byte {
		return bomb(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
	})
)

// deflateBombs: the same with deflate, and in a coding that is not taken off.
func deflateBombs(a *attacker) {
	packed := deflateBomb()
	a.swarm(100, func() {
		a.post(messagesPath, packed, "content-encoding", "deflate")
		a.post(messagesPath, packed, "content-encoding", "br")
	})
}

// bomb packs a request that is nearly as large as one may be.
func bomb(packer func(io.Writer) io.WriteCloser) []byte {
	var out bytes.Buffer
	w := packer(&out)
	_, _ = io.WriteString(w, `{"model":"claude-sonnet-4-5","max_tokens":5,"messages":[{"role":"user","content":"`)
	blank := []byte(strings.Repeat("a", 1<<20))
	for range 31 {
		_, _ = w.Write(blank)
	}
	_, _ = io.WriteString(w, `"}]}`)
	_ = w.Close()
	return out.Bytes()
}

func repeated(before, item, after string, size int) []byte {
	n := size / (len(item) + 1)
	return []byte(before + strings.Repeat(item+",", n-1) + item + after)
}

const question = `{"model":"claude-sonnet-4-5","max_tokens":16,"messages":[{"role":"user","content":"hello"}]}`

// slowReaders: up to 300 clients ask for an answer of 3 MB and take a few bytes of it a second.
func slowReaders(a *attacker) { a.readSlowly(messagesPath, 300) }

// slowReadersOfTranslations: the same with an answer that is translated.
func slowReadersOfTranslations(a *attacker) { a.readSlowly(chatPath, 300) }

func (a *attacker) readSlowly(path string, n int) {
	a.rising(n, func() {
		resp := a.ask(path)
		if resp == nil {
			return
		}
		defer func() { _ = resp.Body.Close() }()
		buf := make([]byte, 512)
		for !a.ended() {
			if _, err := resp.Body.Read(buf); err != nil {
				return
			}
			select {
			case <-a.life.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
}

// readersThatLeave: clients that ask for an answer of 3 MB and leave when it has begun.
func readersThatLeave(a *attacker) {
	a.swarm(100, func() {
		if resp := a.ask(messagesPath); resp != nil {
			_ = resp.Body.Close()
		}
	})
}

// ask sends a small question on a connection with a small window, and counts the status of its answer.
func (a *attacker) ask(path string) *http.Response {
	req, err := a.request(path, []byte(question))
	if err != nil {
		a.note(err.Error())
		return nil
	}
	narrow := &http.Transport{
		DisableKeepAlives: true, ReadBufferSize: 4 << 10,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second, Control: smallWindow}).DialContext,
	}
	resp, err := (&http.Client{Transport: narrow}).Do(req)
	if err != nil {
		a.noAnswer()
		return nil
	}
	a.note(resp.Status[:3])
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil
	}
	return resp
}

// asksHostileUpstream: small requests, whose upstream is the attacker's.
func asksHostileUpstream(a *attacker) {
	a.swarm(60, func() { a.post(messagesPath, []byte(question)) })
}
