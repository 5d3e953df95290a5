package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

// sources is what the conversations are about: this program. Code has the line ends, tabs and quotes that make JSON of it
// longer and slower to read than prose.
//
//go:embed *.go
var sources embed.FS

// prompt describes a request's body.
type prompt struct {
	size   int // in bytes, exactly
	stream bool
	// session tells one conversation from another, within four digits.
	session int
}

const (
	bodyStart = `{"model":"claude-opus-4-8","messages":[`
	bodyEnd   = `],"system":[{"type":"text","text":"You are Claude Code, Anthropic's official CLI for Claude."},` +
		`{"type":"text","text":"You help with software engineering. Be concise.","cache_control":{"type":"ephemeral"}}],` +
		`"metadata":{"user_id":"user_7f3a5cb0d2e94d1f8a6b_account__session_0b8c9f1e-2d3a-4e5f-8a7b-%012d"},"max_tokens":8192,"stream":%v}`
	lastWord = `{"role":"user","content":[{"type":"text","text":"Go on. `
	wordEnd  = `"}]}`
)

// render makes a conversation of the wanted size, member by member in the order in which Claude Code sends them.
func (p prompt) render(source []byte) []byte {
	end := fmt.Sprintf(bodyEnd, p.session, p.stream)
	body := append(make([]byte, 0, p.size), bodyStart...)
	room := func(n int) bool { return len(body)+n+len(lastWord)+len(wordEnd)+len(end) <= p.size }
	turn := min(1500, p.size/8)
	for at := 0; ; at += 2 * turn {
		asked, answered := message("user", source, at, turn), message("assistant", source, at+turn, turn)
		if !room(len(asked) + len(answered)) {
			break
		}
		body = append(append(body, asked...), answered...)
	}
	body = append(body, lastWord...)
	body = append(body, strings.Repeat(".", max(0, p.size-len(body)-len(wordEnd)-len(end)))...)
	return append(append(body, wordEnd...), end...)
}

// message quotes n bytes of the source, which goes on from its beginning when it is over.
func message(role string, source []byte, at, n int) []byte {
	var text []byte
	for at %= len(source); len(text) < n; at = 0 {
		text = append(text, source[at:min(len(source), at+n-len(text))]...)
	}
	return fmt.Appendf(nil, `{"role":%q,"content":[{"type":"text","text":%s}]},`, role, quote(string(text)))
}

// quote writes a string as JSON the way that JavaScript clients do.
func quote(text string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(strings.ToValidUTF8(text, "")) // a string always encodes
	return bytes.TrimSpace(b.Bytes())
}

// source is the text of the embedded files, one after the other.
func source() ([]byte, error) {
	files, err := sources.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read the conversations' text: %w", err)
	}
	var all []byte
	for _, f := range files {
		text, err := sources.ReadFile(f.Name())
		if err != nil {
			return nil, fmt.Errorf("read the conversations' text: %w", err)
		}
		all = append(all, text...)
	}
	return all, nil
}

// head is what Claude Code sends in front of a body.
const head = "POST %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nX-Stainless-Retry-Count: 0\r\nX-Stainless-Timeout: 600\r\n" +
	"X-Stainless-Lang: js\r\nX-Stainless-Package-Version: 0.70.0\r\nX-Stainless-OS: Linux\r\nX-Stainless-Arch: x64\r\n" +
	"X-Stainless-Runtime: node\r\nX-Stainless-Runtime-Version: v24.3.0\r\nanthropic-dangerous-direct-browser-access: true\r\n" +
	"anthropic-version: 2023-06-01\r\n%s\r\nx-app: cli\r\nUser-Agent: claude-cli/2.1.197 (external, cli)\r\n" +
	"content-type: application/json\r\nanthropic-beta: claude-code-20250219,interleaved-thinking-2025-05-14\r\n" +
	"accept-encoding: gzip, deflate, br, zstd\r\nContent-Length: %d\r\n\r\n"

// request puts a head in front of a body.
func (s *subject) request(credential string, body []byte) []byte {
	return append(fmt.Appendf(nil, head, s.path, s.addr, s.field+credential, len(body)), body...)
}
