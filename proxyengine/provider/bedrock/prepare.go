package bedrock

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"

	"crs/internal/account"
	"crs/internal/model"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// Prepare implements provider.Provider.
func (p *Provider) Prepare(in *provider.Inbound, want *provider.Intent, acc *account.Account) (*provider.Outbound, error) {
	endpoint, err := p.endpoint(acc)
	if err != nil {
		return nil, err
	}
	counting := want.Service == anthropic.CountTokens
	id, known := p.models.find(acc, want.Model)
	if err := provider.CheckName(id, want, acc, placeOf(id)); err != nil {
		return nil, err
	}
	b := body{text: in.Body, models: p.models, entry: known, counting: counting}
	parts, err := b.rewrite(in.Header)
	if err != nil {
		return nil, err
	}
	operation := "/invoke"
	switch {
	case counting:
		id, operation, parts = bare(id, known), "/count-tokens", counted{}.question(parts)
	case want.Stream:
		operation = "/invoke-with-response-stream"
	}
	out := &provider.Outbound{
		Endpoint: endpoint, Method: http.MethodPost, Target: endpoint.Path + "/model/" + model.Escape(id) + operation,
		Header: header(in.Header, want.Stream && !counting), Body: parts,
	}
	return out, p.authorize(out, acc)
}

// placeOf is where a name stands: an ARN has several parts.
func placeOf(id string) model.Place {
	if strings.HasPrefix(id, "arn:") {
		return model.Path
	}
	return model.Segment
}

// header is what the operation takes. Of the client's own, the protocol's fields are in the body or mean nothing here.
func header(client provider.Header, stream bool) provider.Header {
	accept := "accept"
	if stream {
		accept = "x-amzn-bedrock-accept"
	}
	h := provider.Header{{Name: "content-type", Value: "application/json"}, {Name: accept, Value: "application/json"}}
	if agent := client.Get("user-agent"); agent != "" {
		h = append(h, provider.Field{Name: "user-agent", Value: agent})
	}
	return append(h, provider.Identity())
}

// question wraps a request for InvokeModel into one for CountTokens.
func (counted) question(parts [][]byte) [][]byte {
	const before, behind = `{"input":{"invokeModel":{"body":"`, `"}}}`
	inner := bytes.Join(parts, nil)
	text := make([]byte, 0, len(before)+base64.StdEncoding.EncodedLen(len(inner))+len(behind))
	text = append(text, before...)
	text = base64.StdEncoding.AppendEncode(text, inner)
	return [][]byte{append(text, behind...)}
}
