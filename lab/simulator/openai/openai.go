// Package openai imitates api.openai.com, as API keys see it, and chatgpt.com/backend-api, which serves Codex.
package openai

import (
	"slices"

	"crs/lab/simulator/provider"
)

// API is OpenAI's.
type API struct {
	provider.Routes
	provider.Options
}

// New makes it.
func New(o provider.Options) *API {
	a := &API{Options: o}
	a.Routes = provider.Routes{
		"POST /v1/responses":          a.inference("input", a.AnswerResponse),
		"POST /v1/responses/compact":  a.inference("input", a.answerCompact),
		"POST /v1/chat/completions":   a.inference("messages", a.AnswerChat),
		"POST /v1/completions":        a.inference("prompt", a.answerCompletion),
		"POST /v1/embeddings":         a.inference("input", a.answerEmbeddings),
		"POST /v1/images/generations": {Inference: true, Admit: a.admitImage, Answer: a.paint("image_generation")},
		"POST /v1/images/edits":       {Inference: true, Admit: a.admitImage, Answer: a.paint("image_edit")},
		"GET /v1/models":              {Admit: a.identify, Answer: answerModels},
	}
	return a
}

// inference is an endpoint that reads the prompt from a field.
func (a *API) inference(field string, answer func(*provider.Call, *provider.Step) provider.Reply) *provider.Endpoint {
	return &provider.Endpoint{Inference: true, Answer: answer, Admit: func(c *provider.Call) *provider.Failure {
		if f := a.identify(c); f != nil {
			return f
		}
		return Read(c, c.Body, field)
	}}
}

// identify finds out who calls.
func (a *API) identify(c *provider.Call) *provider.Failure {
	c.Credential = c.Bearer()
	c.Account = c.Credential
	switch {
	case c.Credential == "":
		return &provider.Failure{Status: 401, Kind: invalid, Message: "Missing bearer or basic authentication in header"}
	case slices.Contains(a.BadKeys, c.Credential):
		return &provider.Failure{Status: 401, Kind: invalid, Detail: "invalid_api_key", Message: wrongKey}
	}
	return nil
}

const wrongKey = "Incorrect API key provided: sk-*****. You can find your API key at https://platform.openai.com/account/api-keys."

// RequestID is the beginning of the header of any answer.
func RequestID(c *provider.Call) string { return provider.Field("x-request-id", c.ID("req_")) }

const (
	host   = "openai-version: 2020-10-01\r\nopenai-organization: org-simulated\r\nopenai-processing-ms: 123\r\n"
	limits = "x-ratelimit-limit-requests: 10000\r\nx-ratelimit-limit-tokens: 30000000\r\n" +
		"x-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 29999000\r\n" +
		"x-ratelimit-reset-requests: 6ms\r\nx-ratelimit-reset-tokens: 2ms\r\n"
)

// header renders the header lines of a success.
func header(c *provider.Call) string { return RequestID(c) + host + limits }

// Failure is what an error status is like.
func (a *API) Failure(c *provider.Call, st *provider.Step) provider.Failure {
	f := Find(st, Failures())
	lines := f.Retry(st)
	if f.Spent != "" {
		reset, _ := f.times(st)
		lines += provider.Field("x-ratelimit-limit-"+f.Spent, "30000") + provider.Field("x-ratelimit-remaining-"+f.Spent, "0") +
			provider.Field("x-ratelimit-reset-"+f.Spent, reset.String())
	}
	return f.On(c, st, lines)
}

// Refusal renders an error.
func (a *API) Refusal(c *provider.Call, f provider.Failure) provider.Reply {
	return Refuse(f, RequestID(c)+host, provider.Object("error", ErrorObject(f)))
}

// Refuse renders an error with a header and a body, unless it is Cloudflare's page for whom that takes for a robot.
func Refuse(f provider.Failure, header string, body []byte) provider.Reply {
	if f.Page {
		return provider.Reply{
			Status: 403, Content: "text/html; charset=UTF-8", Body: []byte(provider.Page), Header: "server: cloudflare\r\ncf-mitigated: challenge\r\n",
		}
	}
	return provider.Reply{Status: f.Status, Content: provider.JSONType, Header: header + f.Header, Body: body}
}

func answerModels(c *provider.Call, _ *provider.Step) provider.Reply {
	return provider.Answered(header(c), []byte(models))
}

const models = `{"object":"list","data":[` +
	`{"id":"gpt-5.5","object":"model","created":1776902400,"owned_by":"system"},` +
	`{"id":"gpt-5.2","object":"model","created":1765238400,"owned_by":"system"},` +
	`{"id":"gpt-5-mini","object":"model","created":1754352000,"owned_by":"system"},` +
	`{"id":"text-embedding-3-small","object":"model","created":1705948997,"owned_by":"system"},` +
	`{"id":"gpt-image-1","object":"model","created":1745517030,"owned_by":"system"}]}`
