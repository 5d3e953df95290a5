package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"crs/internal/jsonscan"
)

// Whatever encoding/json accepts as an object, a walk accepts too, and sees the same members in the same order.
func FuzzTop(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1}`, ` { "a" : [1,{"b":"]}"}] , "a":null } `, `{"m\u006fdel":"\\\"","\ud800":"\ufffd"}`,
		`{"a":1,,"b":2}`, `{"a":[}`, `{"a":"\`, `{"":-0.1e+5,"x":true}`, `[1]`, `{"a":{}}}`, "{\"\xff\":\"\xfe\"}",
		`{"a":` + strings.Repeat(`[`, 70) + strings.Repeat(`]`, 70) + `,"b":0}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := members(t, body)
		want, valid := decode(body)
		if !valid {
			return
		}
		if err != nil {
			if strings.Contains(err.Error(), "nested brackets") || strings.Contains(err.Error(), "10000 members") {
				return
			}
			t.Fatalf("encoding/json accepts it: %v", err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d members, want %d", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("member %d: %q, want %q", i, got[i], want[i])
			}
		}
	})
}

type member struct{ key, value string }

func members(t *testing.T, body []byte) ([]member, error) {
	var out []member
	s := jsonscan.Top(body)
	for s.Next() {
		if !bytes.Equal(body[s.Offset:s.Offset+len(s.Value)], s.Value) {
			t.Fatalf("Offset %d is not where %s is", s.Offset, s.Value)
		}
		key, _ := jsonscan.Canonical(s.Key)
		var compact bytes.Buffer
		_ = json.Compact(&compact, s.Value) // fails only where encoding/json refuses the body as well
		out = append(out, member{string(key), compact.String()})
	}
	return out, s.Err()
}

// decode is the slow way: false when body is no valid object.
func decode(body []byte) ([]member, bool) {
	if !json.Valid(body) {
		return nil, false
	}
	var out []member
	d := json.NewDecoder(bytes.NewReader(body))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, false
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return nil, false
		}
		out = append(out, member{key.(string), compact.String()})
	}
	return out, true
}

// The readers accept what encoding/json accepts, and give what it gives.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{`"a"`, `"\u00e9\ud83d\ude00"`, `"\ud83d"`, "\"\xff\"", `12`, `-9223372036854775808`, `1e3`, `true`, `"\`, "\"\t\""} {
		f.Add([]byte(seed), "a")
	}
	f.Fuzz(func(t *testing.T, raw []byte, text string) {
		got, ok := jsonscan.String(raw)
		if len(raw) > 1 && raw[0] == '"' && raw[len(raw)-1] == '"' {
			var want string
			err := json.Unmarshal(raw, &want)
			if ok != (err == nil) || ok && got != want {
				t.Errorf("String(%q) = %q, %v; encoding/json: %q, %v", raw, got, ok, want, err)
			}
		} else if ok {
			t.Errorf("String(%q) = %q", raw, got)
		}
		if ok != jsonscan.Equal(raw, got) {
			t.Errorf("Equal(%q, %q) = %v", raw, got, !ok)
		}
		if equal := jsonscan.Equal(raw, text); equal != (ok && got == text) {
			t.Errorf("Equal(%q, %q) = %v", raw, text, equal)
		}
		n, ok := jsonscan.Int(raw)
		var want int64
		err := json.Unmarshal(raw, &want)
		accepted := err == nil && len(raw) > 0 && raw[0] <= '9' && raw[0] >= '-' && raw[len(raw)-1] >= '0'
		if ok != accepted || ok && n != want {
			t.Errorf("Int(%q) = %d, %v; encoding/json: %d, %v", raw, n, ok, want, err)
		}
	})
}
