// Package gemini is the two ways in which Gemini is spoken to: the public API, and Code Assist, which wraps the same
// requests and answers once more. It says how requests are read, how errors are said, and how answers are counted. Facts:
// protocols.md, D and H.3.
package gemini

import (
	"net/http"
	"strings"

	"crs/proxyengine/provider"
)

// The services of the protocol.
const (
	Generate = "gemini/generate"
	// GenerateArray is Generate with an answer that is streamed as one JSON array, for a client that asks for a stream
	// without alt=sse. It has no route of its own: an Intent has it, so that a meter knows what the client waits for.
	GenerateArray   = "gemini/generate_array"
	Count           = "gemini/count"
	Embed           = "gemini/embed"
	CodeAssist      = "codeassist/generate"
	CodeAssistCount = "codeassist/count"
)

// GeminiCLI is the client that Client recognises.
const GeminiCLI = "gemini-cli"

// Protocol is the Gemini protocol. Its zero value is ready.
type Protocol struct{}

// Name implements provider.Protocol.
func (Protocol) Name() string { return "gemini" }

// Services implements provider.Described.
func (Protocol) Services() []provider.Service {
	return []provider.Service{{Name: Generate, Main: true}, {Name: GenerateArray, Main: true, Flows: true}, {Name: CodeAssist, Main: true}}
}

// Routes implements provider.Protocol.
func (Protocol) Routes() []provider.Route {
	var all []provider.Route
	for _, version := range []string{"/v1beta", "/v1"} {
		models := version + "/models"
		all = append(all,
			provider.Route{Method: http.MethodPost, Path: models + "/{}:generateContent", Service: Generate},
			provider.Route{Method: http.MethodPost, Path: models + "/{}" + streaming, Service: Generate},
			provider.Route{Method: http.MethodPost, Path: models + "/{}:countTokens", Service: Count},
			provider.Route{Method: http.MethodPost, Path: models + "/{}:embedContent", Service: Embed},
			provider.Route{Method: http.MethodPost, Path: models + "/{}" + batch, Service: Embed},
			provider.Route{Method: http.MethodGet, Path: models, Local: provider.ModelList},
			provider.Route{Method: http.MethodGet, Path: models + "/{}", Local: provider.Own},
		)
	}
	return append(all,
		provider.Route{Method: http.MethodPost, Path: internal + ":generateContent", Service: CodeAssist},
		provider.Route{Method: http.MethodPost, Path: internal + streaming, Service: CodeAssist},
		provider.Route{Method: http.MethodPost, Path: internal + ":countTokens", Service: CodeAssistCount},
		provider.Route{Method: http.MethodPost, Path: internal + load, Local: provider.Own},
		provider.Route{Method: http.MethodPost, Path: internal + onboard, Local: provider.Own},
		provider.Route{Method: http.MethodPost, Path: internal + ":{}", Local: provider.Own},
		provider.Route{Method: http.MethodGet, Path: internal + ":{}", Local: provider.Own},
		provider.Route{Method: http.MethodGet, Path: internal + "/{}", Local: provider.Own},
	)
}

const (
	internal  = "/v1internal"
	load      = ":loadCodeAssist"
	onboard   = ":onboardUser"
	streaming = ":streamGenerateContent"
	batch     = ":batchEmbedContents"
)

// Batch reports whether an embedding request is for several texts.
func Batch(in *provider.Inbound) bool { return strings.HasSuffix(in.Path, batch) }

// Client recognises Gemini CLI by what it says of itself: GeminiCLI/0.61.0/…, or GeminiCLI-tui/0.61.0/… Who may use a key is
// not decided by this alone: anybody can say it.
func Client(h provider.Header) string {
	rest, ok := strings.CutPrefix(h.Get("user-agent"), "GeminiCLI")
	if !ok {
		return ""
	}
	kind, version, ok := strings.Cut(rest, "/")
	version = strings.TrimPrefix(version, "v")
	if !ok || kind != "" && kind[0] != '-' || version == "" || version[0] < '0' || version[0] > '9' {
		return ""
	}
	return GeminiCLI
}
