package proxyengine

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"crs/internal/jsonscan"
	"crs/proxyengine/scrub"
)

// ownMembers are, for each protocol, the members of which one is in every answer that is none but an answer. An object
// without any of them is an error, in whichever words.
var ownMembers = map[string][]string{
	"anthropic": {"content", "input_tokens", "completion"},
	"openai":    {"choices", "output", "data"},
	"gemini":    {"candidates", "usageMetadata", "promptFeedback", "totalTokens", "totalBillableCharacters", "embedding", "embeddings", "response"},
}

// answers reports whether an object has what an answer in a protocol has. Of a protocol that is not known here nothing is
// asked.
func answers(protocol string, object []byte) bool {
	members, known := ownMembers[protocol]
	if !known {
		return true
	}
	doc := gjson.Parse(jsonscan.View(object))
	if doc.IsArray() {
		doc = doc.Get("0")
	}
	return hasOne(doc, members)
}

// answersSoFar reports the same of an object's beginning. Some answers say what they are before they have what an answer has.
func answersSoFar(protocol string, beginning []byte) bool {
	if answers(protocol, beginning) {
		return true
	}
	kind := gjson.GetBytes(beginning, "object").String()
	return kind == "response" || kind == "list" || strings.HasPrefix(kind, "chat.completion") || strings.HasPrefix(kind, "response.")
}

func hasOne(doc gjson.Result, members []string) bool {
	return slices.ContainsFunc(members, func(name string) bool { return doc.Get(name).Exists() })
}

// eventTypes begin the types of the events that protocols have.
var eventTypes = []string{"content_block_", "message_", "ping", "response."}

// usualEvents reports at a glance whether b, which is whole events, is nothing but what most of a stream is: a protocol's
// events with a model's words, in one line of data each, written as providers write JSON.
func usualEvents(b []byte) bool {
	data := false
	for len(b) > 0 {
		n := bytes.IndexByte(b, '\n') // there is one: events are whole
		line := bytes.TrimSuffix(b[:n], []byte("\r"))
		b = b[n+1:]
		switch {
		case len(line) == 0:
			data = false
		case bytes.HasPrefix(line, []byte("event: ")):
			if name := line[len("event: "):]; !isWord(name) || saysFailure(name) {
				return false
			}
		case data || !usualData(line):
			return false
		default:
			data = true
		}
	}
	return true
}

// usualData does not search a line more often than it must: it does so for every word of a model.
func usualData(line []byte) bool {
	if string(line) == "data: [DONE]" {
		return true
	}
	object, ok := bytes.CutPrefix(line, []byte("data: {"))
	if !ok || bytes.Contains(object, []byte("error")) || escapesLetters(object) {
		return false
	}
	if kind, ok := bytes.CutPrefix(object, []byte(`"type":"`)); ok {
		end := bytes.IndexByte(kind, '"')
		return end > 0 && (string(kind[:end]) == "content_block_delta" || bytes.HasPrefix(kind, []byte("response.")) && bytes.HasSuffix(kind[:end], []byte(".delta")))
	}
	if bytes.HasPrefix(object, []byte(`"candidates":`)) {
		return !bytes.Contains(object, []byte("Message"))
	}
	return bytes.Contains(object, []byte(`"choices":`)) // which stands in no text, with its quotes
}

// saysFailure reports whether an event is an error by its name.
func saysFailure(event []byte) bool {
	return string(event) == "error" || string(event) == "response.failed"
}

// isWord reports whether b is a name of an event as protocols give them.
func isWord(b []byte) bool {
	for _, c := range b {
		if (c < 'a' || c > 'z') && c != '_' && c != '.' {
			return false
		}
	}
	return len(b) <= 64
}

// isEvent reports whether the data of an event is one that a protocol has.
func isEvent(data []byte) bool {
	doc := gjson.ParseBytes(data)
	if doc.IsArray() {
		doc = doc.Get("0")
	}
	kind := doc.Get("type").String()
	if slices.ContainsFunc(eventTypes, func(begins string) bool { return strings.HasPrefix(kind, begins) }) {
		return true
	}
	for _, members := range ownMembers {
		if hasOne(doc, members) {
			return true
		}
	}
	return false
}

// explained are the members of an answer in which its provider says why it is not more. They are about the account as errors
// are.
var explained = []string{
	"promptFeedback.blockReasonMessage", "candidates.0.finishMessage", "response.promptFeedback.blockReasonMessage", "response.candidates.0.finishMessage",
	"incomplete_details", "response.incomplete_details", "choices.0.error",
}

// clearedAnswer scrubs what a provider says of its own in an answer that is one.
func clearedAnswer(object []byte, s *scrub.Scrubber) []byte {
	for _, path := range explained {
		said := gjson.GetBytes(object, path)
		if said.Index == 0 || said.Type != gjson.String && said.Type != gjson.JSON {
			continue
		}
		clear := s.Body([]byte(said.Raw))
		if string(clear) != said.Raw {
			object = bytes.Join([][]byte{object[:said.Index], clear, object[said.Index+len(said.Raw):]}, nil)
		}
	}
	return object
}
