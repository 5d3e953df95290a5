package provider

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// Form is a POST of a form that is answered in JSON, as token endpoints take it. path is below the endpoint's own.
func Form(to Endpoint, path string, form url.Values) *Outbound {
	return post(to, path, "application/x-www-form-urlencoded", []byte(form.Encode()))
}

// JSON is a POST of JSON that is answered in JSON.
func JSON(to Endpoint, path string, fields any) *Outbound {
	return post(to, path, "application/json", Encode(fields))
}

func post(to Endpoint, path, contentType string, body []byte) *Outbound {
	return &Outbound{
		Endpoint: to, Method: http.MethodPost, Target: to.Path + path, Body: [][]byte{body},
		Header: Header{{Name: "Content-Type", Value: contentType}, {Name: "Accept", Value: "application/json"}, {Name: "Accept-Encoding", Value: "identity"}},
	}
}

// Encode writes what always can be written: it holds only text, numbers, and lists and maps of them.
func Encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return nil // cannot be
	}
	return b
}

// OwnHeader is what the relay says of itself in requests that are its own.
func OwnHeader() Header {
	return Header{{Name: "user-agent", Value: "crs"}, {Name: "accept", Value: "application/json"}}
}

// Bearer is a credential as a bearer token.
func Bearer(secret string) Field { return Field{Name: "authorization", Value: "Bearer " + secret} }

// Identity asks for an answer that is not compressed: decoding costs more than it saves on the way from a provider, and holds events
// back.
func Identity() Field { return Field{Name: "accept-encoding", Value: "identity"} }

// Forwarded is those fields of a client's header that are about the request, with a content type in any case. What a protocol does not
// know may be about the way between client and relay, and stays here. keep gets the names in small letters.
func Forwarded(client Header, keep func(name []byte) bool) Header {
	h := make(Header, 0, len(client)+6)
	typed := false
	for _, f := range client {
		var buf [64]byte
		if name := Lower(&buf, f.Name); keep(name) {
			typed = typed || string(name) == "content-type"
			h = append(h, f)
		}
	}
	if !typed {
		h = append(h, Field{Name: "content-type", Value: "application/json"})
	}
	return h
}

// WithQuery is a path with a client's query.
func WithQuery(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}
