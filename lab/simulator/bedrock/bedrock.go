// Package bedrock imitates bedrock-runtime.REGION.amazonaws.com as far as it serves Anthropic's models.
package bedrock

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"crs/lab/simulator/anthropic"
	"crs/lab/simulator/login"
	"crs/lab/simulator/provider"
)

type bedrock struct {
	provider.Options
	keys       *login.Keys
	operations provider.Routes // by what the path has behind the model
	missing    *provider.Endpoint
}

// New makes it.
func New(o provider.Options, k *login.Keys) provider.Provider {
	a := &bedrock{Options: o, keys: k}
	a.operations = provider.Routes{
		"POST invoke":                      {Inference: true, Admit: a.admitInvoke, Answer: a.answerInvoke},
		"POST invoke-with-response-stream": {Inference: true, Admit: a.admitInvoke, Answer: a.answerStream},
		"POST count-tokens":                {Admit: a.admitCount, Answer: a.answerCount},
	}
	a.missing = &provider.Endpoint{Admit: func(*provider.Call) *provider.Failure {
		return &provider.Failure{Status: 404, Kind: "UnknownOperationException", Message: "The requested operation is not recognized by the service."}
	}}
	return a
}

// Find gives what answers a path, or nil.
func (a *bedrock) Find(method, path string) *provider.Endpoint {
	id, operation := modelAndOperation(path)
	if id == "" {
		return nil
	}
	if e := a.operations.Find(method, operation); e != nil {
		return e
	}
	return a.missing
}

// modelAndOperation takes /model/{id}/{operation} apart. The id is still escaped.
func modelAndOperation(path string) (id, operation string) {
	rest, found := strings.CutPrefix(path, "/model/")
	slash := strings.LastIndexByte(rest, '/')
	if !found || slash <= 0 {
		return "", ""
	}
	return rest[:slash], rest[slash+1:]
}

// admit finds out who calls, by a bearer token or by the access key that signed the request, and checks the model.
func (a *bedrock) admit(c *provider.Call) *provider.Failure {
	if f := a.identify(c); f != nil {
		return f
	}
	escaped, _ := modelAndOperation(c.Path)
	id, err := url.PathUnescape(escaped)
	if err != nil || strings.Trim(id, idLetters) != "" || !strings.Contains(id, "anthropic.") && !strings.HasPrefix(id, "arn:aws") {
		return invalid("The provided model identifier is invalid.")
	}
	c.Prompt.Model = id
	return nil
}

const idLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/"

func (a *bedrock) identify(c *provider.Call) *provider.Failure {
	c.Credential = c.Bearer()
	if c.Credential == "" {
		return a.identifySigner(c)
	}
	c.Account = c.Credential
	if slices.Contains(a.BadKeys, c.Credential) || !a.keys.Knows(login.BedrockKey, c.Credential) {
		return &provider.Failure{Status: 403, Kind: "AccessDeniedException", Message: "Authentication failed: Please make sure your API Key is valid."}
	}
	return nil
}

// message is Anthropic's own, but for its id; it names the model as Anthropic does.
func (a *bedrock) message(c *provider.Call, st *provider.Step) *anthropic.Message {
	m := anthropic.NewMessage(c, st, a.Usage)
	m.Prefix, m.Model = "msg_bdrk_", nativeModel(c.Prompt.Model)
	return m
}

// nativeModel is Anthropic's name of the model with an id.
func nativeModel(id string) string {
	id = id[strings.LastIndexByte(id, '/')+1:]
	if _, after, found := strings.Cut(id, "anthropic."); found {
		id = after
	}
	id, _, _ = strings.Cut(id, ":")
	if dash := strings.LastIndex(id, "-v"); dash >= 0 && strings.Trim(id[dash+2:], "0123456789") == "" {
		id = id[:dash]
	}
	return id
}

// identity is the beginning of the header of any answer.
func identity(c *provider.Call) string { return provider.Field("x-amzn-RequestId", c.ID("")) }

// answerInvoke tells the tokens in the header, too.
func (a *bedrock) answerInvoke(c *provider.Call, st *provider.Step) provider.Reply {
	const prefix = "X-Amzn-Bedrock-"
	m := a.message(c, st)
	t := m.Tokens
	r := provider.Answered(identity(c)+provider.Field(prefix+"Invocation-Latency", "42")+
		provider.IntField(prefix+"Input-Token-Count", t.Input)+provider.IntField(prefix+"Output-Token-Count", t.Output)+
		provider.IntField(prefix+"Cache-Read-Input-Token-Count", t.CacheRead)+
		provider.IntField(prefix+"Cache-Write-Input-Token-Count", t.CacheWrite+t.CacheWrite1h), m.Whole())
	r.Tokens = t
	return r
}

func (a *bedrock) answerStream(c *provider.Call, st *provider.Step) provider.Reply {
	m := a.message(c, st)
	t := m.Tokens
	m.Last = []any{"amazon-bedrock-invocationMetrics", provider.Object(
		"inputTokenCount", t.Input, "outputTokenCount", t.Output, "invocationLatency", 42, "firstByteLatency", 7,
		"cacheReadInputTokenCount", t.CacheRead, "cacheWriteInputTokenCount", t.CacheWrite+t.CacheWrite1h)}
	c.Prompt.Stream = true
	return provider.Reply{
		Status: 200, Content: framesType, Header: identity(c) + provider.Field("X-Amzn-Bedrock-Content-Type", provider.JSONType), Tokens: t,
		Stream: framed(m, st), Framed: true, Trouble: trouble,
	}
}

// admitCount checks a request to count tokens: the body of an invocation, in base64.
func (a *bedrock) admitCount(c *provider.Call) *provider.Failure {
	if f := a.admit(c); f != nil {
		return f
	}
	var in struct {
		Input struct {
			InvokeModel struct {
				Body *[]byte `json:"body"` // in base64
			} `json:"invokeModel"`
		} `json:"input"`
	}
	if _, ok := provider.ReadObject(c.Body); !ok {
		return invalid(malformed)
	}
	body := &in.Input.InvokeModel.Body
	if err := json.Unmarshal(c.Body, &in); err != nil || *body == nil || len(**body) == 0 {
		return invalid("input.invokeModel.body: expected the body of an invocation in base64")
	}
	return read(c, **body)
}

func (a *bedrock) answerCount(c *provider.Call, st *provider.Step) provider.Reply {
	return provider.Answered(identity(c), provider.Object("inputTokens", st.Billed(a.Usage).Prompt()))
}
