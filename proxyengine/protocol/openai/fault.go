package openai

import (
	"strings"

	"crs/proxyengine/provider"
)

// errorBody is an error as the protocol writes it.
type errorBody struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

// words are the type and the code of a kind of fault. server_is_overloaded is not among them: Codex gives up at it.
func words(k provider.FaultKind) (kind, code string) {
	w := map[provider.FaultKind][2]string{
		provider.BadRequest:      {"invalid_request_error", ""},
		provider.Unauthorized:    {"invalid_request_error", "invalid_api_key"},
		provider.Spent:           {"insufficient_quota", "insufficient_quota"},
		provider.Forbidden:       {"permission_error", "permission_denied"},
		provider.NotFound:        {"invalid_request_error", "not_found"},
		provider.TooSlow:         {"invalid_request_error", "request_timeout"},
		provider.TooLarge:        {"invalid_request_error", "request_too_large"},
		provider.RateLimited:     {"rate_limit_error", "rate_limit_exceeded"},
		provider.Internal:        {"server_error", "server_error"},
		provider.BadGateway:      {"server_error", "bad_gateway"},
		provider.Unavailable:     {"server_error", "service_unavailable"},
		provider.GatewayTimeout:  {"server_error", "timeout"},
		provider.UpgradeRequired: {"invalid_request_error", "upgrade_required"},
	}[k]
	return w[0], w[1]
}

func bodyOf(f *provider.Fault) errorBody {
	kind, code := words(f.Kind)
	p := errorBody{Message: f.Message, Type: kind}
	if code != "" {
		p.Code = &code
	}
	return p
}

// Fault implements provider.Protocol.
func (Protocol) Fault(f *provider.Fault) (string, []byte) {
	return "application/json", provider.Encode(map[string]errorBody{"error": bodyOf(f)})
}

// failure is the event of a stream that has failed. It is written for two kinds of readers, who may come by the same mount:
// those of Responses know response.failed by its type (Codex ignores any other error event, and would report a stream that
// was cut); those of chat completions read data lines only, and know an error by the member of that name, as OpenAI's own
// libraries do in both kinds of streams.
type failure struct {
	Type     string    `json:"type"`
	Sequence int       `json:"sequence_number"`
	Response response  `json:"response"`
	Error    errorBody `json:"error"`
}

type response struct {
	ID     string     `json:"id"`
	Object string     `json:"object"`
	Status string     `json:"status"`
	Error  codeAndWhy `json:"error"`
	Output []struct{} `json:"output"`
}

type codeAndWhy struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// FaultEvent implements provider.Protocol.
func (Protocol) FaultEvent(f *provider.Fault) []byte {
	const event = "response.failed"
	p := bodyOf(f)
	code := p.Type
	if p.Code != nil {
		code = *p.Code
	}
	data := provider.Encode(failure{Type: event, Error: p, Response: response{
		ID: f.Request, Object: "response", Status: "failed", Error: codeAndWhy{code, f.Message}, Output: []struct{}{},
	}})
	return append(append([]byte("event: "+event+"\ndata: "), data...), "\n\n"...)
}

// Models implements provider.Protocol.
func (Protocol) Models(names []string) (string, []byte) {
	type item struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Created int64  `json:"created"`
		OwnedBy string `json:"owned_by"`
	}
	list := struct {
		Object string `json:"object"`
		Data   []item `json:"data"`
	}{"list", []item{}}
	for _, n := range names {
		list.Data = append(list.Data, item{ID: n, Object: "model", OwnedBy: owner(n)})
	}
	return "application/json", provider.Encode(list)
}

// owner is whose model it is, by its name; clients sort their lists by it.
func owner(name string) string {
	switch {
	case strings.HasPrefix(name, "claude-"):
		return "anthropic"
	case strings.HasPrefix(name, "gemini-"):
		return "google"
	}
	return "openai"
}
