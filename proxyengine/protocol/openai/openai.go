// Package openai is OpenAI's protocol: Responses, chat completions and what goes with them. It says how requests are read,
// how errors are said, and how answers are counted. OpenAI's API speaks it, the backend of Codex, Azure, and most gateways.
package openai

import (
	"net/http"
	"strings"

	"crs/proxyengine/provider"
)

// The services of the protocol.
const (
	Responses   = "openai/responses"
	Compact     = "openai/responses/compact"
	Chat        = "openai/chat"
	Completions = "openai/completions"
	Embeddings  = "openai/embeddings"
	Images      = "openai/images"
)

// Protocol is OpenAI's protocol. Its zero value is ready and has every route.
type Protocol struct {
	// Part is what of it a mount has.
	Part Part
}

// Part is the routes that a mount has.
type Part uint8

// The parts.
const (
	Whole          Part = iota
	ResponsesOnly       // Responses, and the list of models
	ChatOnly            // chat completions, and the list of models
	ChatByModel         // chat and legacy completions below /v1, and the list of models
	ChatBesideRest      // chat and legacy completions below /v1, on a mount where another protocol lists the models
	AzurePaths          // chat, Responses and embeddings, also under the paths that Azure's own clients use
)

// Name implements provider.Protocol.
func (Protocol) Name() string { return "openai" }

// Services implements provider.Described.
func (Protocol) Services() []provider.Service {
	return []provider.Service{{Name: Chat, Main: true}, {Name: Responses, Main: true}}
}

// Routes implements provider.Protocol. Some clients' base URLs end in /v1 and others' do not.
func (p Protocol) Routes() []provider.Route {
	switch p.Part {
	case ResponsesOnly:
		return append(versioned(Responses, "/responses"), models("/v1/models"))
	case ChatOnly:
		return append(versioned(Chat, "/chat/completions"), models("/v1/models"))
	case ChatByModel:
		return append(byModel(), models("/v1/models"))
	case ChatBesideRest:
		return byModel()
	case AzurePaths:
		return azure()
	}
	return whole()
}

func whole() []provider.Route {
	all := []provider.Route{models("/v1/models"), models("/models")}
	all = append(all, versioned(Responses, "/responses")...)
	all = append(all, versioned(Compact, "/responses/compact")...)
	all = append(all, versioned(Chat, "/chat/completions")...)
	all = append(all, versioned(Completions, "/completions")...)
	all = append(all, versioned(Embeddings, "/embeddings")...)
	for _, what := range []string{"generations", "edits", "variations"} {
		all = append(all, versioned(Images, "/images/"+what)...)
	}
	return all
}

func byModel() []provider.Route {
	return []provider.Route{post(Chat, "/v1/chat/completions"), post(Completions, "/v1/completions")}
}

// azure is the short paths, and those of Azure's three surfaces (protocols.md, F).
func azure() []provider.Route {
	all := []provider.Route{
		post(Chat, "/openai/deployments/{}/chat/completions"), post(Embeddings, "/openai/deployments/{}/embeddings"),
		post(Responses, "/openai/responses"),
		post(Chat, "/openai/v1/chat/completions"), post(Responses, "/openai/v1/responses"), post(Embeddings, "/openai/v1/embeddings"),
	}
	all = append(all, versioned(Chat, "/chat/completions")...)
	all = append(all, versioned(Responses, "/responses")...)
	return append(all, versioned(Embeddings, "/embeddings")...)
}

func post(service, path string) provider.Route {
	return provider.Route{Method: http.MethodPost, Path: path, Service: service}
}

func versioned(service, path string) []provider.Route {
	return []provider.Route{post(service, "/v1"+path), post(service, path)}
}

func models(path string) provider.Route {
	return provider.Route{Method: http.MethodGet, Path: path, Local: provider.ModelList}
}

// Path is where an API has what a request asks for, below its base.
func Path(in *provider.Inbound, want *provider.Intent) string {
	switch want.Service {
	case Responses:
		return "/responses"
	case Compact:
		return "/responses/compact"
	case Completions:
		return "/completions"
	case Embeddings:
		return "/embeddings"
	case Images:
		if _, what, found := strings.Cut(in.Path, "/images/"); found {
			return "/images/" + what
		}
		return "/images/generations"
	}
	return "/chat/completions"
}
