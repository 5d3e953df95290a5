package alert

import (
	"fmt"
	"strings"
	"time"
)

// Message is what somebody is told.
type Message struct {
	Host  string    `json:"host"`
	At    time.Time `json:"at"`
	Begun []Trouble `json:"begun"`
	Over  []Trouble `json:"over"`
	// Test marks a message that was asked for to see whether it arrives.
	Test bool `json:"test,omitempty"`
}

// most is how many troubles a message tells one by one, and longest about how many bytes it has: receivers refuse long ones.
const (
	most    = 10
	longest = 1500
)

// Text is the message for people.
func (m *Message) Text() string {
	if m.Test {
		return "crs on " + m.Host + ": this is a test. Had there been trouble, it would have come this way."
	}
	var lines []string
	room := longest
	tell := func(line string) {
		if room -= len(line); room > 0 || len(lines) == 0 {
			lines = append(lines, line)
		}
	}
	for _, t := range m.Begun[:min(len(m.Begun), most)] {
		tell(t.What + ". " + t.Mend + ".")
	}
	for _, t := range m.Over[:min(len(m.Over), most)] {
		tell("Resolved: " + t.What + ".")
	}
	if more := len(m.Begun) + len(m.Over) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("And %d more: crs status", more))
	}
	if len(lines) == 1 {
		return "crs on " + m.Host + ": " + lines[0]
	}
	return "crs on " + m.Host + ":\n" + strings.Join(lines, "\n")
}

// body is the message in the form that a receiver reads.
func (m *Message) body(format string) any {
	text := m.Text()
	switch format {
	case "slack":
		return map[string]string{"text": text}
	case "discord":
		return map[string]any{"content": text, "allowed_mentions": map[string]any{"parse": []string{}}} // names are not addressed
	case "lark":
		return map[string]any{"msg_type": "text", "content": map[string]string{"text": text}}
	case "wecom":
		return map[string]any{"msgtype": "text", "text": map[string]string{"content": text}}
	}
	return struct {
		Text string `json:"text"`
		*Message
	}{text, m}
}
