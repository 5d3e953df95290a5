package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/build"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/internal/jsonscan"
)

type object = map[string]any

// The two sizes the design measures, and the two worst kinds of text: schemas (many short strings) and JSON quoted in JSON.
func BenchmarkTop(b *testing.B) {
	schemas := encode(b, object{"model": "m", "tools": tools(360)})
	bodies := []struct {
		name string
		body []byte
	}{
		{"claude code 200 KB", conversation(b, 200_000)},
		{"claude code 875 KB", conversation(b, 875_000)},
		{"schemas", schemas},
		{"json in json", encode(b, object{"messages": []string{string(schemas)}})},
	}
	for _, bb := range bodies {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.body)))
			b.ReportAllocs()
			for b.Loop() {
				walk(b, bb.body)
			}
		})
	}
}

func BenchmarkString(b *testing.B) {
	raw := []byte(`"claude-opus-4-5-20251101"`)
	b.ReportAllocs()
	for b.Loop() {
		jsonscan.String(raw)
	}
}

func BenchmarkEqual(b *testing.B) {
	raw := []byte(`"claude-opus-4-5-20251101"`)
	b.ReportAllocs()
	for b.Loop() {
		if !jsonscan.Equal(raw, "claude-opus-4-5-20251101") {
			b.Fatal("not equal")
		}
	}
}

func TestARealisticBodyIsReadLikeEncodingJSONReadsIt(t *testing.T) {
	t.Parallel()
	body := conversation(t, 200_000)
	got, err := members(t, body)
	if err != nil {
		t.Fatal(err)
	}
	want, valid := decode(body)
	if !valid || len(got) != len(want) {
		t.Fatalf("%d members, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("member %s differs", got[i].key)
		}
	}
}

// conversation is about size bytes of what Claude Code sends: a system prompt, tools, and files it read, line by line.
func conversation(tb testing.TB, size int) []byte {
	messages := []any{}
	for i, text := range sources(tb, (size-62_000)*9/10) {
		id := fmt.Sprintf("toolu_01A09q90qw90lq917835lq9%02d", i)
		messages = append(messages,
			object{"role": "assistant", "content": []any{
				object{"type": "text", "text": "Let me look at the file that does it."},
				object{"type": "tool_use", "id": id, "name": "Read", "input": object{"file_path": "/src/server.go", "limit": 400}}}},
			object{"role": "user", "content": []any{object{"type": "tool_result", "tool_use_id": id, "content": text}}})
	}
	return encode(tb, object{
		"model": "claude-opus-4-5", "max_tokens": 32000, "stream": true, "temperature": 1,
		"metadata": object{"user_id": "user_" + strings.Repeat("a", 64) + "_account__session_1b4e28ba"},
		"system":   []any{object{"type": "text", "text": strings.Repeat("Do what was asked; nothing more.\nUse the \"Read\" tool first. ", 250)}},
		"tools":    tools(20),
		"messages": messages,
	})
}

func tools(n int) []any {
	out := []any{}
	for i := range n {
		out = append(out, object{
			"name":        fmt.Sprint("Tool", i),
			"description": strings.Repeat("Reads a file from the disk.\nThe path must be \"absolute\".", 1+1600*20/n/58),
			"input_schema": object{"type": "object", "additionalProperties": false, "required": []string{"file_path"}, "properties": object{
				"file_path": object{"type": "string", "description": "The absolute path to the file to read"},
				"offset":    object{"type": "number", "description": "The line number to start from"},
				"mode":      object{"type": "string", "enum": []string{"content", "files_with_matches", "count"}}}},
		})
	}
	return out
}

// sources is Go source text, numbered as the Read tool shows it.
func sources(tb testing.TB, size int) []string {
	files, err := filepath.Glob(filepath.Join(build.Default.GOROOT, "src/net/http/*.go"))
	if err != nil || len(files) == 0 {
		tb.Skip("no Go source tree to build a body from")
	}
	var out []string
	for i := 0; size > 0; i++ {
		text, err := os.ReadFile(files[i%len(files)])
		if err != nil {
			tb.Fatal(err)
		}
		var numbered strings.Builder
		for n, line := range strings.SplitAfter(string(text[:min(len(text), 20_000, size)]), "\n") {
			fmt.Fprintf(&numbered, "%6d\t%s", n+1, line)
		}
		out = append(out, numbered.String())
		size -= numbered.Len()
	}
	return out
}

func encode(tb testing.TB, v any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}
