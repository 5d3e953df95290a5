// Package azure imitates a resource of Azure OpenAI: OpenAI's protocols with deployments, other credentials and filters.
package azure

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"crs/lab/simulator/openai"
	"crs/lab/simulator/provider"
)

type azure struct {
	provider.Options
	// routes are those of the v1 surface and of the preview, deployed what comes behind the name of a deployment.
	routes, deployed provider.Routes
}

// New makes it.
func New(o provider.Options) provider.Provider {
	a := &azure{Options: o}
	responses := a.inference("input", "", a.answerResponse)
	a.routes = provider.Routes{
		"POST /openai/responses":           responses,
		"POST /openai/v1/responses":        responses,
		"POST /openai/v1/chat/completions": a.inference("messages", "", a.answerChat),
		"POST /openai/v1/embeddings":       a.inference("input", "", a.answerEmbeddings),
	}
	a.deployed = provider.Routes{
		"POST /chat/completions": a.inference("messages", "/chat/completions", a.answerChat),
		"POST /completions":      a.inference("prompt", "/completions", a.answerCompletion),
		"POST /embeddings":       a.inference("input", "/embeddings", a.answerEmbeddings),
	}
	return a
}

const deployments = "/openai/deployments/"

// Find gives what answers a path, or nil.
func (a *azure) Find(method, path string) *provider.Endpoint {
	rest, below := strings.CutPrefix(path, deployments)
	if !below {
		return a.routes.Find(method, path)
	}
	name, rest, _ := strings.Cut(rest, "/")
	if name == "" {
		return nil
	}
	return a.deployed.Find(method, "/"+rest)
}

// inference is an endpoint that reads the prompt from a field. under is what the path has behind the name of a deployment,
// which counts instead of the model that the request names.
func (a *azure) inference(field, under string, answer func(*provider.Call, *provider.Step) provider.Reply) *provider.Endpoint {
	return &provider.Endpoint{Inference: true, Answer: answer, Admit: func(c *provider.Call) *provider.Failure {
		if f := a.identify(c); f != nil {
			return f
		}
		if !strings.HasPrefix(c.Path, "/openai/v1/") && !strings.Contains(c.Query, "api-version=") {
			return &provider.Failure{Status: 404, Detail: "404", Message: noResource}
		}
		if under == "" {
			return openai.Read(c, c.Body, field)
		}
		return openai.ReadDeployed(c, field, deployment(c.Path, under))
	}}
}

// deployment is the name of the deployment in a path.
func deployment(path, under string) string {
	escaped := strings.TrimSuffix(strings.TrimPrefix(path, deployments), under)
	name, err := url.PathUnescape(escaped)
	if err != nil {
		return escaped
	}
	return name
}

// identify finds out who calls.
func (a *azure) identify(c *provider.Call) *provider.Failure {
	c.Credential = c.Header.Get("api-key")
	if c.Credential == "" {
		c.Credential = c.Bearer()
	}
	c.Account = c.Credential
	if c.Credential == "" || slices.Contains(a.BadKeys, c.Credential) {
		return &provider.Failure{Status: 401, Detail: "401", Message: accessDenied}
	}
	return nil
}

const region = "x-ms-region: East US 2\r\n"

// identity is the beginning of the header of any answer.
func identity(c *provider.Call) string {
	return openai.RequestID(c) + provider.Field("apim-request-id", c.ID("")) + region
}

func header(c *provider.Call) string {
	return identity(c) + "x-ratelimit-remaining-requests: 249\r\nx-ratelimit-remaining-tokens: 249000\r\n"
}

func (a *azure) answerResponse(c *provider.Call, st *provider.Step) provider.Reply {
	return openai.AnswerResponse(c, st, a.Usage, header(c))
}

func (a *azure) answerChat(c *provider.Call, st *provider.Step) provider.Reply {
	return openai.Chat{Filter: json.RawMessage(contentFilter), PromptFilter: json.RawMessage(promptFilter)}.Answer(c, st, a.Usage, header(c))
}

func (a *azure) answerCompletion(c *provider.Call, st *provider.Step) provider.Reply {
	return openai.Chat{Plain: true, Filter: json.RawMessage(contentFilter), PromptFilter: json.RawMessage(promptFilter)}.Answer(c, st, a.Usage, header(c))
}

func (a *azure) answerEmbeddings(c *provider.Call, st *provider.Step) provider.Reply {
	return openai.AnswerEmbeddings(c, st.Thought(a.Usage), header(c))
}

// What the filters found: nothing.
const (
	harmless      = `"hate":{"filtered":false,"severity":"safe"},"self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}`
	contentFilter = `{` + harmless + `}`
	promptFilter  = `[{"prompt_index":0,"content_filter_results":{` + harmless + `,"jailbreak":{"filtered":false,"detected":false}}}]`
)
