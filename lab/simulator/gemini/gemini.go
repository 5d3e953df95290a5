// Package gemini imitates generativelanguage.googleapis.com, as API keys see it, and cloudcode-pa.googleapis.com (Code Assist),
// which serves people who logged in.
package gemini

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"crs/lab/simulator/login"
	"crs/lab/simulator/provider"
)

// API is Google's, as API keys see it.
type API struct {
	errors
	provider.Options
	keys    *login.Keys
	actions provider.Routes // by what the path has behind the model
	models  provider.Routes
	missing *provider.Endpoint
}

// New makes it.
func New(o provider.Options, k *login.Keys) *API {
	a := &API{Options: o, keys: k, missing: missingMethod()}
	a.models = provider.Routes{"GET models": {Admit: a.Identify, Answer: answerModels}}
	a.actions = provider.Routes{
		"POST generateContent":       {Inference: true, Admit: a.admit("GenerateContentRequest"), Answer: a.AnswerWhole},
		"POST streamGenerateContent": {Inference: true, Admit: a.admit("GenerateContentRequest"), Answer: a.AnswerStream},
		"POST countTokens":           {Admit: a.admit("CountTokensRequest"), Answer: a.AnswerCount},
		"POST embedContent":          {Inference: true, Admit: a.admitEmbed, Answer: answerEmbed},
		"POST batchEmbedContents":    {Inference: true, Admit: a.admitEmbed, Answer: answerEmbedAll},
		"GET ":                       {Admit: a.admitModel, Answer: answerModel},
	}
	return a
}

// Find gives what answers a path, or nil.
func (a *API) Find(method, path string) *provider.Endpoint {
	rest, found := strings.CutPrefix(path, "/v1beta/")
	if !found {
		if rest, found = strings.CutPrefix(path, "/v1/"); !found || !strings.Contains(rest, ":") {
			return nil // what is below /v1 and has no action is other providers'
		}
	}
	var e *provider.Endpoint
	switch model, action := modelAndAction(path); {
	case rest == "models":
		return a.models.Find(method, rest)
	case strings.HasPrefix(rest, "models/") && model != "":
		e = a.actions[method+" "+action]
	}
	if e == nil {
		return a.missing
	}
	return e
}

// modelAndAction takes …/models/{model}:{action} apart.
func modelAndAction(path string) (model, action string) {
	model = path[strings.LastIndexByte(path, '/')+1:]
	if colon := strings.LastIndexByte(model, ':'); colon >= 0 {
		return model[:colon], model[colon+1:]
	}
	return model, ""
}

// Identify finds out who calls, by a key in the header or in the query, and keeps the model that the path names.
func (a *API) Identify(c *provider.Call) *provider.Failure {
	c.Credential = c.Header.Get("x-goog-api-key")
	if c.Credential == "" {
		c.Credential = c.Values().Get("key")
	}
	c.Account = c.Credential
	if c.Credential == "" {
		return Refuse(403, "PERMISSION_DENIED", unregistered)
	}
	if slices.Contains(a.BadKeys, c.Credential) || !a.keys.Knows(login.GeminiKey, c.Credential) {
		f := a.Failure(c, provider.StatusStep(400, "key"))
		return &f
	}
	model, _ := modelAndAction(c.Path)
	c.Prompt.Model = Unescaped(model)
	return nil
}

// Unescaped is a part of a path as it is meant.
func Unescaped(part string) string {
	if text, err := url.PathUnescape(part); err == nil {
		return text
	}
	return part
}

const unregistered = "Method doesn't allow unregistered callers (callers without established identity). " +
	"Please use API Key or other form of API consumer identity to call this API."

// header are fields of all answers of Google's.
const header = "Vary: Origin\r\nVary: X-Origin\r\nVary: Referer\r\nX-Content-Type-Options: nosniff\r\nServer-Timing: gfet4t7; dur=42\r\n"

const jsonType = "application/json; charset=UTF-8"

func answered(body []byte) provider.Reply {
	return provider.Reply{Status: 200, Content: jsonType, Header: header, Body: body}
}

// AnswerCount answers how many tokens a prompt has.
func (a *API) AnswerCount(_ *provider.Call, st *provider.Step) provider.Reply {
	n := tokensOf(st, a.Usage).Prompt()
	return answered(provider.Object("totalTokens", n, "promptTokensDetails", modality(n)))
}

// vector is what every text means.
const vector = `{"values":[0.0125,-0.031,0.5,-0.25,0.0625,0.75,-0.125,0.01]}`

func answerEmbed(*provider.Call, *provider.Step) provider.Reply {
	return answered(provider.Object("embedding", json.RawMessage(vector)))
}

func answerEmbedAll(c *provider.Call, _ *provider.Step) provider.Reply {
	n, _ := c.Details.(int) // of texts
	return answered(provider.Object("embeddings", provider.List(slices.Repeat([]json.RawMessage{json.RawMessage(vector)}, n)...)))
}

// missingMethod answers what is no path of the API.
func missingMethod() *provider.Endpoint {
	return &provider.Endpoint{Admit: func(*provider.Call) *provider.Failure { return Refuse(404, "NOT_FOUND", "Method not found.") }}
}
