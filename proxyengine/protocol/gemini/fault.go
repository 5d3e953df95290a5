package gemini

import (
	"strconv"
	"time"

	"crs/proxyengine/provider"
)

// errorBody is an error as the protocol writes it.
type errorBody struct {
	Error struct {
		Code    int         `json:"code"`
		Message string      `json:"message"`
		Status  string      `json:"status"`
		Details []retryInfo `json:"details,omitempty"`
	} `json:"error"`
}

// retryInfo is how clients of Google's learn when to come back; they do not look at Retry-After.
type retryInfo struct {
	Type  string `json:"@type"`
	Delay string `json:"retryDelay"`
}

func statusWord(k provider.FaultKind) string {
	return map[provider.FaultKind]string{
		provider.BadRequest: "INVALID_ARGUMENT", provider.Unauthorized: "UNAUTHENTICATED",
		provider.Spent: "RESOURCE_EXHAUSTED", provider.Forbidden: "PERMISSION_DENIED", provider.NotFound: "NOT_FOUND",
		provider.TooSlow: "INVALID_ARGUMENT", provider.TooLarge: "INVALID_ARGUMENT",
		provider.RateLimited: "RESOURCE_EXHAUSTED", provider.Internal: "INTERNAL", provider.BadGateway: "UNAVAILABLE",
		provider.Unavailable: "UNAVAILABLE", provider.GatewayTimeout: "DEADLINE_EXCEEDED",
		provider.UpgradeRequired: "FAILED_PRECONDITION",
	}[k]
}

func encode(f *provider.Fault) []byte {
	var e errorBody
	e.Error.Code, e.Error.Message, e.Error.Status = f.Status, f.Message, statusWord(f.Kind)
	if f.RetryAfter > 0 {
		seconds := int64((f.RetryAfter + time.Second - 1) / time.Second)
		e.Error.Details = []retryInfo{{Type: "type.googleapis.com/google.rpc.RetryInfo", Delay: strconv.FormatInt(seconds, 10) + "s"}}
	}
	return provider.Encode(&e)
}

// Fault implements provider.Protocol.
func (Protocol) Fault(f *provider.Fault) (string, []byte) { return jsonType, encode(f) }

// FaultEvent implements provider.Protocol. It ends as Google's own events do: some of Google's libraries take a blank line of
// another kind for the end of all that came before it.
func (Protocol) FaultEvent(f *provider.Fault) []byte {
	return append(append([]byte("data: "), encode(f)...), "\r\n\r\n"...)
}
