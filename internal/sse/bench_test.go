package sse_test

import (
	"bytes"
	"testing"

	"crs/internal/sse"
)

const ordinary = "event: content_block_delta\n" +
	`data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello wor"}}` + "\n\n"

// BenchmarkFeed gives the time of one ordinary event of 124 bytes.
func BenchmarkFeed(b *testing.B) {
	event := []byte(ordinary)
	shapes := []struct {
		name      string
		fragments [][]byte
		events    int
	}{
		{"an event each", [][]byte{event}, 1},
		{"64 in a fragment", [][]byte{bytes.Repeat(event, 64)}, 64},
		{"split in its data", [][]byte{event[:70], event[70:]}, 1},
		{"CRLF", [][]byte{bytes.ReplaceAll(event, []byte("\n"), []byte("\r\n"))}, 1},
	}
	for _, shape := range shapes {
		b.Run(shape.name, func(b *testing.B) {
			seen := 0
			usage := []byte(`"usage"`)
			s := sse.Scanner{On: func(e sse.Event) {
				if bytes.Contains(e.Data, usage) { // what a meter does to pass over an event
					b.Fatal("no usage here")
				}
				seen++
			}}
			b.ReportAllocs()
			for b.Loop() {
				for _, fragment := range shape.fragments {
					s.Feed(fragment)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(seen), "ns/event")
			if seen != b.N*shape.events {
				b.Fatalf("%d events", seen)
			}
		})
	}
}

func BenchmarkAppendEvent(b *testing.B) {
	data := []byte(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello wor"}}`)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = sse.AppendEvent(dst[:0], "content_block_delta", data)
	}
}
