package proxyengine

import (
	"fmt"
	"strings"
	"testing"

	"crs/proxyengine/scrub"
)

// BenchmarkClearing is a piece of a stream as it comes by: one event, or many that came together.
func BenchmarkClearing(b *testing.B) {
	for name, event := range map[string]string{
		"claude": "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"some words of an answer\"}}\n\n",
		"chat":   "data: {\"id\":\"chatcmpl-Abcdefghijklmnop\",\"object\":\"chat.completion.chunk\",\"created\":1764385200,\"model\":\"gpt-5\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"words\"},\"finish_reason\":null}]}\n\n",
		"gemini": "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"some words of an answer\"}],\"role\": \"model\"},\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 5,\"totalTokenCount\": 9}}\r\n\r\n",
	} {
		for _, n := range []int{1, 32} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				s := scrub.New([]scrub.Secret{{Text: clearedKey, Word: scrub.Credential}})
				c := &answerFilter{splitter: &eventSplitter{empty: true}, secrets: secretFilter{secrets: [][]byte{[]byte(clearedKey)}}, scrubber: func() *scrub.Scrubber { return s }}
				piece := []byte(strings.Repeat(event, n))
				b.SetBytes(int64(len(piece)))
				for b.Loop() {
					c.next(piece)
				}
			})
		}
	}
}
