package openai

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"crs/proxyengine/provider"
)

// Problem is what an upstream's error says, in any of the shapes that come: the protocol's own, an event of a stream, what a
// web framework says, a web page.
type Problem struct {
	provider.Problem
	Kind, Code string
	// ResetsAt is when a plan's limit begins anew; zero when it does not say.
	ResetsAt time.Time
}

// ReadProblem reads an answer that is no success.
func ReadProblem(r *provider.Reply) Problem {
	e := Problem{Problem: provider.Problem{Status: r.Status, Page: r.Page()}}
	e.read(r)
	e.Wait = wait(r.Header, e.Message)
	if e.Name = e.Code; e.Code == "" || e.Code == strconv.Itoa(e.Status) {
		e.Name = e.Kind
	}
	return e
}

func (e *Problem) read(r *provider.Reply) {
	if r.InStream {
		e.Status = http.StatusInternalServerError // unless it says otherwise
	}
	if e.Page {
		return
	}
	if !gjson.ValidBytes(r.Body) {
		e.Message = provider.Short(string(r.Body))
		return
	}
	root := gjson.ParseBytes(r.Body)
	e.Own = root.Get("error").IsObject()
	e.take(inner(root), r.At)
	if r.InStream {
		e.Status = e.statusInStream(root)
	}
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
		e.Message = provider.Short(from.String())
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
