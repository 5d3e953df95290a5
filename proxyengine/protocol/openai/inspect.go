package openai

import (
	"fmt"
	"net/http"
	"strings"

	"crs/internal/bound"
	"crs/internal/jsonscan"
	"crs/internal/model"
	"crs/proxyengine/provider"
)

// defaultImageModel makes images when a request names none.
const defaultImageModel = "gpt-image-1"

// Beside implements provider.Naming. None is asked beside the request's own.
func (Protocol) Beside(in *provider.Inbound, _ *provider.Intent, all bool) (provider.Beside, error) {
	if !all {
		return provider.Beside{}, nil
	}
	return provider.FindBeside(in.Body)
}

// Inspect implements provider.Protocol.
func (Protocol) Inspect(service string, in *provider.Inbound) (provider.Intent, error) {
	intent := provider.Intent{Service: service, Client: Client(in.Header)}
	reading := read
	if service == Images && isForm(in.Header) {
		reading = readForm
	}
	if err := reading(&intent, in); err != nil {
		return provider.Intent{}, err
	}
	if len(intent.Model) <= bound.Name {
		intent.Family = model.Base(intent.Model)
	}
	return intent, nil
}

// refuse is a request that makes no sense.
func refuse(format string, args ...any) error {
	return &provider.Fault{Status: http.StatusBadRequest, Kind: provider.BadRequest, Message: fmt.Sprintf(format, args...)}
}

// read takes what a request wants out of a body in JSON.
func read(intent *provider.Intent, in *provider.Inbound) error {
	r, err := scan(in.Body)
	if err != nil {
		return err
	}
	if intent.Model, err = r.named(intent.Service, in.Param); err != nil {
		return err
	}
	if len(intent.Model) > bound.Name {
		return nil // it is refused
	}
	if r.model.Raw != nil {
		intent.ModelAt, intent.ModelLen = r.model.At, len(r.model.Raw)
	}
	if err := r.required(intent.Service); err != nil {
		return err
	}
	if intent.Stream, err = r.streamed(); err != nil {
		return err
	}
	if intent.Stream && (intent.Service == Chat || intent.Service == Completions) {
		if intent.HideUsage, err = hidesUsage(r.streamOptions.Raw); err != nil {
			return err
		}
	}
	intent.PromptTokens, intent.MaxTokens = int64(len(in.Body))/provider.BytesPerToken, r.most()
	intent.Tier = provider.Word(r.tier.Raw)
	intent.Session, intent.Hard = r.session(intent.Service, in.Header), r.hard()
	n, _ := jsonscan.Int(r.n.Raw)
	switch intent.Service {
	case Chat, Completions:
		intent.Answers = max(n, 0)
	case Images:
		intent.Images, intent.ImageTokens = imagesAsked(n), perImage(intent.Model, provider.Word(r.quality.Raw), provider.Word(r.size.Raw))
	case Responses:
		intent.ImageModel, intent.ImageTokens = imageTool(r.tools.Raw)
	}
	return nil
}

// named is the model: the body's, else the deployment in the path, else the one that makes images.
func (r *request) named(service, deployment string) (string, error) {
	if r.model.Raw == nil {
		switch {
		case deployment != "":
			return deployment, nil
		case service == Images:
			return defaultImageModel, nil
		}
		return "", refuse("Missing required parameter: 'model'.")
	}
	name, ok := jsonscan.StringUpTo(r.model.Raw, bound.Name)
	switch {
	case !ok:
		return "", refuse("Invalid type for 'model': expected a string.")
	case name == "":
		return "", refuse("Invalid value for 'model': it must not be empty.")
	}
	return name, nil
}

func (r *request) required(service string) error {
	switch {
	case service == Chat && r.messages.Raw == nil:
		return refuse("Missing required parameter: 'messages'.")
	case service == Embeddings && r.input.Raw == nil:
		return refuse("Missing required parameter: 'input'.")
	}
	return nil
}

// streamed reads the member stream, which may be null.
func (r *request) streamed() (bool, error) {
	if r.stream.Raw == nil || string(r.stream.Raw) == "null" {
		return false, nil
	}
	stream, ok := jsonscan.Bool(r.stream.Raw)
	if !ok {
		return false, refuse("Invalid type for 'stream': expected a boolean.")
	}
	return stream, nil
}

// most is the request's own bound on its answer, by whichever name it has; 0 for none.
func (r *request) most() int64 {
	for _, raw := range [...][]byte{r.maxOutput.Raw, r.maxCompletion.Raw, r.maxTokens.Raw} {
		if n, ok := jsonscan.Int(raw); ok && n > 0 {
			return n
		}
	}
	return 0
}

// mostImages is how many images one request can have made.
const mostImages = 10

// imagesAsked is how many images a request asks for: one unless it says so.
func imagesAsked(n int64) int64 { return min(max(n, 1), mostImages) }

// CodexCLI is the client that Client recognises.
const CodexCLI = "codex"

// Client recognises Codex, in any of its forms, by what it says of itself (protocols.md, H.2). Who may use a key is not
// decided by this alone: anybody can say it.
func Client(h provider.Header) string {
	product, version, _ := strings.Cut(h.Get("user-agent"), "/")
	if version == "" || version[0] < '0' || version[0] > '9' || h.Get("originator") != product {
		return ""
	}
	switch product {
	case "codex_cli_rs", "codex_vscode", "codex_exec", "codex-tui", "codex_sdk_ts", "Codex Desktop":
		return CodexCLI
	}
	return ""
}
