package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestAPromptIsAsLongAsItShouldBeAndReadable(t *testing.T) {
	t.Parallel()
	text, err := source()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []prompt{
		{size: promptSmall}, {size: promptSmall, stream: true, session: 9999}, {size: promptLarge, session: 7}, {size: 750_000}, {size: 1_250_000},
	} {
		body := p.render(text)
		if len(body) != p.size {
			t.Errorf("%+v has %d bytes", p, len(body))
		}
		var got struct {
			Model    string
			Messages []struct {
				Role    string
				Content []struct{ Type, Text string }
			}
			Metadata struct {
				UserID string `json:"user_id"`
			}
			MaxTokens int `json:"max_tokens"`
			Stream    bool
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		if got.Model == "" || got.MaxTokens == 0 || got.Stream != p.stream || !strings.Contains(got.Metadata.UserID, "_session_") {
			t.Errorf("%+v: %+v", p, got.Metadata)
		}
		said := 0
		for i, m := range got.Messages {
			if want := []string{"user", "assistant"}[i%2]; m.Role != want {
				t.Fatalf("%+v: message %d is the %s's", p, i, m.Role)
			}
			said += len(m.Content[0].Text)
		}
		if len(got.Messages)%2 == 0 || said < p.size/2 {
			t.Errorf("%+v: %d messages that say %d bytes", p, len(got.Messages), said)
		}
	}
	if a, b := (prompt{size: promptSmall, session: 1}).render(text), (prompt{size: promptSmall, session: 2}).render(text); bytes.Equal(a, b) {
		t.Error("two conversations are one")
	}
}
