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
)

// askMessages asks by the Messages protocol and says the text of the stream as it comes.
func askMessages(ctx context.Context, d *Demo, question string, say func(text string)) error {
	body, err := json.Marshal(map[string]any{
		"model": "claude-opus-4-8", "max_tokens": 1024, "stream": true,
		"messages": []map[string]string{{"role": "user", "content": question}},
	})
	if err != nil {
		return fmt.Errorf("encode the question: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL+"/api/v1/messages", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("anthropic-version", "2023-06-01")
	req.Header.Set("x-api-key", d.Key)
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
	return readMessage(resp.Body, say)
}

// messageEvent is what of an event is of interest here.
type messageEvent struct {
	Type  string `json:"type"`
	Delta struct {
		Text string `json:"text"`
	} `json:"delta"`
	Error struct {
		Message string `json:"message"`
	} `json:"error"`
}

// readMessage reads a stream of events up to the one that ends the message.
func readMessage(stream io.Reader, say func(text string)) error {
	events := bufio.NewScanner(stream)
	for events.Scan() {
		data, ok := strings.CutPrefix(events.Text(), "data: ")
		if !ok {
			continue
		}
		var e messageEvent
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return fmt.Errorf("read an event: %w", err)
		}
		switch e.Type {
		case "content_block_delta":
			say(e.Delta.Text)
		case "error":
			return errors.New(e.Error.Message)
		case "message_stop":
			return nil
		}
	}
	if err := events.Err(); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return errors.New("the answer broke off")
}
