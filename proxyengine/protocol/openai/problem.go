package openai

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"crs/proxyengine/provider"
)

// Problem is what an upstream's error says, in any of the shapes that come: the protocol's own, an event of a stream, what a
// web framework says, a web page.
type Problem struct {
	// Status is the answer's own, or the one that an error inside a stream would have had.
	Status     int
	Kind, Code string
	Message    string // "" when there is none
	// ResetsAt is when a plan's limit begins anew; zero when it does not say.
	ResetsAt time.Time
	// Own: the body is an error in the protocol's words.
	Own bool
	// Page: it is a web page, which comes from what stands before a provider.
	Page bool
}

// ReadProblem reads an answer that is no success.
func ReadProblem(r *provider.Reply) Problem {
	e := Problem{Status: r.Status}
	if r.InStream {
		e.Status = http.StatusInternalServerError // unless it says otherwise
	}
	if contentType := strings.ToLower(r.Header.Get("content-type")); !r.InStream && strings.HasPrefix(contentType, "text/html") || bytes.HasPrefix(bytes.TrimSpace(r.Body), []byte("<")) {
		e.Page = true
		return e
	}
	if !gjson.ValidBytes(r.Body) {
		e.Message = short(string(r.Body))
		return e
	}
	root := gjson.ParseBytes(r.Body)
	e.Own = root.Get("error").IsObject()
	e.take(inner(root), r.At)
	if r.InStream {
		e.Status = e.statusInStream(root)
	}
	return e
}

// inner is the part of an error that says what it is.
func inner(root gjson.Result) gjson.Result {
	for _, path := range []string{"error", "response.error", "detail"} {
		if e := root.Get(path); e.Exists() && e.Type != gjson.Null {
			return e
		}
	}
	return root
}

func (e *Problem) take(from gjson.Result, at time.Time) {
	if !from.IsObject() {
		e.Message = short(from.String())
		return
	}
	e.Kind, e.Code, e.Message = from.Get("type").String(), from.Get("code").String(), from.Get("message").String()
	if unix := from.Get("resets_at").Int(); unix > 0 && unix < 1<<40 {
		e.ResetsAt = time.Unix(unix, 0)
	} else if seconds := from.Get("resets_in_seconds").Int(); seconds > 0 && seconds < 1<<31 {
		e.ResetsAt = at.Add(time.Duration(seconds) * time.Second)
	}
}

// Is reports whether the error is one of those; some endpoints put the word into type, others into code.
func (e *Problem) Is(words ...string) bool {
	return slices.Contains(words, e.Code) || slices.Contains(words, e.Kind)
}

// Says looks for a text, in small letters, in the message.
func (e *Problem) Says(text string) bool { return strings.Contains(strings.ToLower(e.Message), text) }

// statusInStream is the status that an error inside a stream would have had. Some say it themselves.
func (e *Problem) statusInStream(root gjson.Result) int {
	for _, path := range []string{"status", "status_code", "error.code"} {
		if n := root.Get(path); n.Type == gjson.Number && n.Int() >= 400 && n.Int() < 600 {
			return int(n.Int())
		}
	}
	switch {
	case e.Is("rate_limit_exceeded", "rate_limit_error", "usage_limit_reached", "usage_not_included", "insufficient_quota"):
		return http.StatusTooManyRequests
	case e.Overloaded():
		return http.StatusServiceUnavailable
	case e.Is("invalid_api_key", "authentication_error", "token_expired", "token_revoked", "token_invalidated"):
		return http.StatusUnauthorized
	case e.Is("model_not_found", "not_found_error"):
		return http.StatusNotFound
	case e.Is("context_length_exceeded", "cyber_policy", "content_filter", "string_above_max_length"), e.aboutInput():
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// aboutInput: invalid_prompt, invalid_request_error, unsupported_image_media_type, image_too_large, empty_image_file, …
func (e *Problem) aboutInput() bool {
	return strings.HasPrefix(e.Code, "invalid_") || strings.HasPrefix(e.Code, "unsupported_") || strings.Contains(e.Code, "image_") || e.Kind == "invalid_request_error"
}

// Overloaded: the provider is in trouble, not the account.
func (e *Problem) Overloaded() bool {
	return e.Is("server_is_overloaded", "slow_down", "overloaded_error", "server_overloaded") || e.Says("at capacity")
}

// Evidence is what the upstream said, short.
func (e *Problem) Evidence() string {
	text := fmt.Sprint(e.Status)
	if e.Page {
		return text + " with a web page"
	}
	if e.Code != "" && e.Code != text {
		text += " " + e.Code
	} else if e.Kind != "" {
		text += " " + e.Kind
	}
	if e.Message != "" {
		text += " " + e.Message
	}
	return short(text)
}

// Text is the message for people.
func (e *Problem) Text() string {
	switch {
	case e.Page:
		return fmt.Sprintf("the upstream answered %d with a web page", e.Status)
	case e.Message == "":
		return "the upstream answered " + e.Evidence()
	}
	return e.Message
}

func short(text string) string {
	const most = 300
	if text = strings.TrimSpace(text); len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
