package model_test

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"crs/internal/model"
)

// Bad are names that lead elsewhere.
var bad = []string{
	".", "..", "...", "../x", "x/..", "x/../y", "./x", "/x", "x/", "x//y", `..\x`, `x\..\y`, "%2e", "%2e%2e", "%2E%2e/x", "x%2f..%2fy", "%252e%252e", "%25252e%25252e%25252fx", ".%2e", "%2e.", "..;/x", "..;a=b/x", ".. /x", " ", "x/ /y",
	"x?y", "x#y", "x%3fy", "x%23y", "x\r\ny", "x%0d%0ay", "x\x00y", "x%00y", "\ufeffx", "x\u2028y", "x\u202ey", "．．/x", "‥/x", "x／..／y", "x%5c..", "\xff", strings.Repeat("%25", 900) + "2e", strings.Repeat("x", 2049),
}

func TestNamesThatLeadElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range bad {
		if model.Check(name, model.Path) == nil || model.Check(name, model.Segment) == nil {
			t.Errorf("%q passed", name)
		}
	}
	for _, name := range []string{"", "gpt-5.5", "claude-opus-4-8[1m]", "gemini-2.5-pro", "ft:gpt-4o:acme::abc", "my model", "100%", "modèle-1", "..x", "x..", "a.b", "arn:aws:bedrock:us-east-1:1:inference-profile", "x;y"} {
		if err := model.Check(name, model.Segment); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if model.Check("meta-llama/Llama-3", model.Path) != nil || model.Check("meta-llama/Llama-3", model.Segment) == nil {
		t.Error("slashes are where they may be, and nowhere else")
	}
}

// TestNamesThatStandInTheBodyAlone may be what they like, but no way to another place: some servers open them as files.
func TestNamesThatStandInTheBodyAlone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "/models/llama", "/", "a//b", "a/", "a?b", "a#b", `a\b`, `C:\models\llama`, "meta-llama/Llama-3", "https://host/x?y#z", "100%", "..x", "a/x..", "a%20b"} {
		if err := model.Check(name, model.Body); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{
		".", "..", "../x", "../../x", "/..", "/models/../x", "x/./y", `..\x`, `x\..\y`, "%2e%2e/x", "x%2f..%2fy", "%252e%252e", "..;/x", ".. /x", "．．/x", "x%5c..", "x\r\ny", "x%0d%0ay", "x\x00y", "\x7f", "\ufeffx", "x\u202ey", "\xff",
		strings.Repeat("%25", 900) + "2e", strings.Repeat("x", 2049),
	} {
		if model.Check(name, model.Body) == nil {
			t.Errorf("%q passed", name)
		}
	}
}

// FuzzCheck: what passes leads nowhere else, when it is put into a path as it is or escaped, and decoded as often as one likes.
func FuzzCheck(f *testing.F) {
	for _, name := range bad {
		f.Add(name)
	}
	f.Add("a%20b")
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || model.Check(name, model.Path) != nil {
			return
		}
		if err := model.Check(name, model.Body); err != nil {
			t.Fatalf("%q may stand in a path and not in a body: %v", name, err)
		}
		for at := name; ; {
			if full := path.Clean("/models/" + at + "/x"); !strings.HasPrefix(full, "/models/") || strings.Count(full, "/") != strings.Count("/models/"+at+"/x", "/") || strings.ContainsAny(full, "?#\r\n\x00\\") {
				t.Fatalf("%q leads to %q", name, full)
			}
			plain, err := url.PathUnescape(at)
			if err != nil || plain == at {
				break
			}
			at = plain
		}
		escaped := model.Escape(name)
		if plain, err := url.PathUnescape(escaped); err != nil || plain != name || strings.ContainsAny(escaped, "/:?#% ") && strings.ContainsAny(escaped, "/:?# ") {
			t.Fatalf("%q is escaped as %q", name, escaped)
		}
	})
}
