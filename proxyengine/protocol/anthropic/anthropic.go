// Package anthropic is the Messages protocol: how its requests are read, how errors are said in it, and how its answers
// are counted. Claude's API speaks it, and so do the gateways and clouds that serve Claude.
package anthropic

import (
	"net/http"

	"crs/proxyengine/provider"
)

// The services of the protocol.
const (
	Messages    = "anthropic/messages"
	CountTokens = "anthropic/count_tokens"
)

// Protocol is the Messages protocol. Its zero value is ready.
type Protocol struct{}

// Name implements provider.Protocol.
func (Protocol) Name() string { return "anthropic" }

// Services implements provider.Described.
func (Protocol) Services() []provider.Service {
	return []provider.Service{{Name: Messages, Main: true}}
}

// Routes implements provider.Protocol. What Claude Code sends besides messages is in protocols.md, H.1.
func (Protocol) Routes() []provider.Route {
	return []provider.Route{
		{Method: http.MethodPost, Path: "/v1/messages", Service: Messages},
		{Method: http.MethodPost, Path: "/v1/messages/count_tokens", Service: CountTokens},
		{Method: http.MethodGet, Path: "/v1/models", Local: provider.ModelList},
		{Method: http.MethodHead, Path: "", Local: provider.Hello},
		{Method: http.MethodHead, Path: "/", Local: provider.Hello},
		{Method: http.MethodPost, Path: "/api/event_logging/batch", Local: provider.Discard},
		{Method: http.MethodPost, Path: "/event_logging/batch", Local: provider.Discard},
	}
}

// errorBody is an error as the protocol writes it.
type errorBody struct {
	Type  string `json:"type"`
	Error struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"error"`
	RequestID string `json:"request_id,omitempty"`
}

func errorType(k provider.FaultKind) string {
	return map[provider.FaultKind]string{
		provider.BadRequest: "invalid_request_error", provider.Unauthorized: "authentication_error",
		provider.Spent: "billing_error", provider.Forbidden: "permission_error", provider.NotFound: "not_found_error",
		provider.TooSlow: "invalid_request_error", provider.TooLarge: "request_too_large",
		provider.RateLimited: "rate_limit_error", provider.Internal: "api_error", provider.BadGateway: "api_error",
		provider.Unavailable: "overloaded_error", provider.GatewayTimeout: "timeout_error", provider.UpgradeRequired: "invalid_request_error",
	}[k]
}

// Error is an error in the protocol's words. request is the request's id, or "".
func Error(kind, message, request string) []byte {
	e := errorBody{Type: "error", RequestID: request}
	e.Error.Type, e.Error.Message = kind, message
	return provider.Encode(&e)
}

func encode(f *provider.Fault) []byte { return Error(errorType(f.Kind), f.Message, f.Request) }

// Fault implements provider.Protocol.
func (Protocol) Fault(f *provider.Fault) (string, []byte) { return "application/json", encode(f) }

// FaultEvent implements provider.Protocol.
func (Protocol) FaultEvent(f *provider.Fault) []byte {
	return append(append([]byte("event: error\ndata: "), encode(f)...), "\n\n"...)
}

// Models implements provider.Protocol.
func (Protocol) Models(names []string) (string, []byte) {
	type item struct {
		Type        string `json:"type"`
		ID          string `json:"id"`
		DisplayName string `json:"display_name"`
		CreatedAt   string `json:"created_at"`
	}
	list := struct {
		Data    []item  `json:"data"`
		HasMore bool    `json:"has_more"`
		FirstID *string `json:"first_id"`
		LastID  *string `json:"last_id"`
	}{Data: []item{}}
	for _, n := range names {
		list.Data = append(list.Data, item{Type: "model", ID: n, DisplayName: n, CreatedAt: "1970-01-01T00:00:00Z"})
	}
	if n := len(names); n > 0 {
		list.FirstID, list.LastID = &names[0], &names[n-1]
	}
	return "application/json", provider.Encode(&list)
}
