package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"
)

// conversation is a question that a user asks in one protocol.
type conversation struct {
	protocol string
	question string
	path     string
	key      string // the header field that carries the key
	body     func(question string) any
	// text is where an event of the answer has what is said, and end where the last one shows that it is.
	text, end string
}

type object = map[string]any

// conversations has one for each protocol that clients may speak.
func conversations() []conversation {
	return []conversation{
		{
			protocol: "Anthropic Messages, as Claude Code speaks it", question: "What does a relay do for me?",
			path: "/api/v1/messages", key: "x-api-key", text: "delta.text", end: `[@this].#(type=="message_stop")`,
			body: func(q string) any {
				return object{"model": "claude-opus-4-8", "max_tokens": 1024, "stream": true, "messages": []object{{"role": "user", "content": q}}}
			},
		},
		{
			protocol: "OpenAI Responses, as Codex speaks it", question: "And when I use Codex?",
			path: "/openai/responses", key: "Authorization", text: `[@this].#(type=="response.output_text.delta").delta`, end: `[@this].#(type=="response.completed")`,
			body: func(q string) any { return object{"model": "gpt-5.5", "stream": true, "input": q} },
		},
		{
			protocol: "Gemini, as Gemini CLI speaks it", question: "Gemini CLI as well?",
			path: "/gemini/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", key: "x-goog-api-key",
			text: "candidates.0.content.parts.0.text", end: "candidates.0.finishReason",
			body: func(q string) any {
				return object{"contents": []object{{"role": "user", "parts": []object{{"text": q}}}}}
			},
		},
		{
			protocol: "OpenAI chat completions, translated for a Claude account", question: "My tool speaks OpenAI's chat only. Can it use Claude?",
			path: "/api/v1/chat/completions", key: "Authorization", text: "choices.0.delta.content", end: "choices.0.finish_reason",
			body: func(q string) any {
				return object{"model": "claude-opus-4-8", "max_tokens": 1024, "stream": true, "messages": []object{{"role": "user", "content": q}}}
			},
		},
	}
}

// ask has the conversation and says the text of the answer as it comes.
func (c *conversation) ask(ctx context.Context, d *Demo, say func(text string)) error {
	body, err := json.Marshal(c.body(c.question))
	if err != nil {
		return fmt.Errorf("encode the question: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL+c.path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(c.key, d.Key)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
		return fmt.Errorf("the relay answered %d %s", resp.StatusCode, bytes.TrimSpace(text))
	}
	return c.read(resp.Body, say)
}

// read reads a stream of events up to the one that ends the answer.
func (c *conversation) read(stream io.Reader, say func(text string)) error {
	events := bufio.NewScanner(stream)
	events.Buffer(nil, 1<<20)
	for events.Scan() {
		data, ok := strings.CutPrefix(events.Text(), "data: ")
		if !ok {
			continue
		}
		if !gjson.Valid(data) {
			return errors.New("read an event: it is not JSON")
		}
		if problem := gjson.Get(data, "error.message"); problem.Exists() {
			return errors.New(problem.String())
		}
		if text := gjson.Get(data, c.text).String(); text != "" {
			say(text)
		}
		if end := gjson.Get(data, c.end); end.Exists() && end.Type != gjson.Null {
			return nil
		}
	}
	if err := events.Err(); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return errors.New("the answer broke off")
}
