package gemini

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"crs/internal/bound"
	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// Inspect implements provider.Protocol.
func (Protocol) Inspect(service string, in *provider.Inbound) (provider.Intent, error) {
	intent := provider.Intent{
		Service: service, Client: Client(in.Header), PromptTokens: int64(len(in.Body)) / 4,
		Stream: strings.HasSuffix(in.Path, streaming), Free: service == Count || service == CodeAssistCount,
	}
	read := public
	if service == CodeAssist || service == CodeAssistCount {
		read = wrapped
	}
	if err := read(&intent, in); err != nil {
		return provider.Intent{}, &provider.Fault{Status: http.StatusBadRequest, Kind: provider.BadRequest, Message: err.Error()}
	}
	if len(intent.Model) <= bound.Name {
		intent.Family = Family(intent.Model)
	}
	return intent, nil
}

// public reads a request of the public API: its model is in the path.
func public(intent *provider.Intent, in *provider.Inbound) error {
	var err error
	if intent.Model, err = modelName(in.Param); err != nil {
		return err
	}
	r, err := ReadRequest(in.Body)
	if err != nil {
		return err
	}
	if err := complete(intent.Service, &r, in); err != nil {
		return err
	}
	if err := sameModel(intent.Model, &r); err != nil {
		return err
	}
	if intent.Stream && !asksEvents(in.Query) {
		intent.Service = GenerateArray
	}
	intent.Session = conversation(&r)
	configure(intent, &r, in.Header)
	return nil
}

// complete reports what is missing in a request of the public API.
func complete(service string, r *Request, in *provider.Inbound) error {
	switch {
	case service == Embed && Batch(in):
		return needs(r.Requests, "requests")
	case service == Embed:
		return needs(r.Content, "content")
	case service == Count && r.Nested.Raw != nil:
		return nil
	}
	return needs(r.Contents, "contents")
}

func needs(m jsonscan.Part, name string) error {
	if m.Raw == nil || string(m.Raw) == "null" {
		return errors.New(name + ": it is not specified")
	}
	return nil
}

// wrapped reads a request of Code Assist: its model is in the body, for a count within the request that is wrapped.
func wrapped(intent *provider.Intent, in *provider.Inbound) error {
	e, err := ReadEnvelope(in.Body)
	if err != nil {
		return err
	}
	if err := needs(e.Request, "request"); err != nil {
		return err
	}
	r, err := ReadRequest(e.Request.Raw)
	if err != nil {
		return errors.New("request: " + err.Error())
	}
	name := e.Model
	if intent.Service == CodeAssistCount {
		name = jsonscan.Part{Raw: r.Model.Raw, At: e.Request.At + r.Model.At}
	}
	text, ok := jsonscan.StringUpTo(name.Raw, longestName)
	if !ok {
		return errors.New("model: it must be a string")
	}
	if intent.Model, err = modelName(text); err != nil {
		return err
	}
	if len(intent.Model) > bound.Name {
		return nil // it is refused
	}
	if err := needs(r.Contents, "request.contents"); err != nil {
		return err
	}
	intent.ModelAt, intent.ModelLen = name.At, len(name.Raw)
	configure(intent, &r, in.Header)
	if intent.Session, _ = jsonscan.String(r.Session.Raw); intent.Session == "" {
		intent.Session = conversation(&r)
	}
	return nil
}

// modelName is the model without the collection that names may begin with. It becomes part of a path, so it must not lead
// anywhere else.
func modelName(text string) (string, error) {
	name := bare(text)
	if len(name) > bound.Name {
		return name, nil
	}
	if name == "" {
		return "", errors.New("model: it is empty")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return "", errors.New("model: it is not a model's name")
		}
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return "", errors.New("model: it is not a model's name")
	}
	return name, nil
}

func bare(name string) string { return strings.TrimPrefix(name, collection) }

const (
	collection  = "models/"
	longestName = len(collection) + bound.Name
)

// mostRequests bounds a batch. Google itself takes no more than a few hundred.
const mostRequests = 10_000

// sameModel refuses a body that names another model than the path: which of the two an upstream serves is not known.
func sameModel(name string, r *Request) error {
	if err := same(name, r.Model.Raw); err != nil {
		return err
	}
	if r.Nested.Raw != nil {
		if err := namesModel(name, r.Nested.Raw); err != nil {
			return errors.New("generateContentRequest: " + err.Error())
		}
	}
	if r.Requests.Raw == nil {
		return nil
	}
	one := jsonscan.Array(r.Requests.Raw)
	for n := 0; one.Next(); n++ {
		if n == mostRequests {
			return fmt.Errorf("requests: there may be no more than %d in a batch", mostRequests)
		}
		if err := namesModel(name, one.Value); err != nil {
			return errors.New("requests: " + err.Error())
		}
	}
	if err := one.Err(); err != nil {
		return errors.New("requests: " + err.Error())
	}
	return nil
}

func namesModel(name string, object []byte) error {
	r, err := ReadRequest(object)
	if err != nil {
		return err
	}
	return same(name, r.Model.Raw)
}

func same(name string, raw []byte) error {
	if raw == nil {
		return nil
	}
	if text, ok := jsonscan.StringUpTo(raw, longestName); !ok || bare(text) != name {
		return errors.New("model: the body names another model than the path")
	}
	return nil
}

// asksEvents reports whether a query asks for a stream of events; without, a stream is one JSON array.
func asksEvents(query string) bool {
	for part := range strings.SplitSeq(query, "&") {
		switch part {
		case "alt=sse", "$alt=sse", "%24alt=sse":
			return true
		}
	}
	return false
}

// configure reads the bound that a request sets to its answer, and the service tier that it asks for.
func configure(intent *provider.Intent, r *Request, h provider.Header) {
	tier := r.Tier
	if r.Config.Raw != nil {
		var most, own jsonscan.Part
		want := jsonscan.Want
		if err := jsonscan.Find(r.Config.Raw, want("maxOutputTokens", &most), want("max_output_tokens", &most), want("serviceTier", &own), want("service_tier", &own)); err == nil {
			n, _ := jsonscan.Int(most.Raw)
			intent.MaxTokens = max(n, 0)
		}
		if own.Raw != nil {
			tier = own
		}
	}
	if intent.Tier = cmp.Or(tierOf(tier.Raw), strings.ToLower(provider.Word(tier.Raw))); intent.Tier == "" {
		intent.Tier = headerTier(h)
	}
}

// headerTier is the service tier that a header asks for.
func headerTier(h provider.Header) string {
	for _, name := range [...]string{"x-gemini-service-tier", "x-vertex-ai-llm-shared-request-type", "x-vertex-ai-llm-request-type"} {
		if tier := tierNamed(h.Get(name)); tier != "" {
			return tier
		}
	}
	return ""
}
