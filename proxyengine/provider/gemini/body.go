package gemini

import (
	"net/http"
	"strings"

	"crs/internal/account"
	"crs/internal/jsonscan"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// addressed is a Code Assist request as the account sends it: its own project, and the model that it knows.
func addressed(body []byte, want *provider.Intent, acc *account.Account, name string) ([][]byte, error) {
	e, err := gemini.ReadEnvelope(body)
	if err != nil {
		return nil, err
	}
	var edits []jsonscan.Edit
	switch own := provider.Encode(acc.Options[project]); {
	case e.Project.Raw != nil:
		edits = append(edits, e.Project.Replace(own))
	case want.Service == gemini.CodeAssist:
		edits = append(edits, jsonscan.Insert(body, "project", own))
	}
	if name != want.Model {
		edits = append(edits, model(jsonscan.Part{Raw: body[want.ModelAt:][:want.ModelLen], At: want.ModelAt}, name))
	}
	return jsonscan.Apply(body, edits...), nil
}

// model puts a name in the place of a model's, which keeps the collection that it begins with.
func model(old jsonscan.Part, name string) jsonscan.Edit {
	if text, _ := jsonscan.String(old.Raw); strings.HasPrefix(text, "models/") {
		name = "models/" + name
	}
	return old.Replace(provider.Encode(name))
}

// renamed is a request of the public API with a mapped model's name wherever the body repeats it.
func renamed(body []byte, from, to string) ([][]byte, error) {
	if from == to {
		return [][]byte{body}, nil
	}
	r, err := gemini.ReadRequest(body)
	if err != nil {
		return nil, err
	}
	var edits []jsonscan.Edit
	if r.Model.Raw != nil {
		edits = append(edits, model(r.Model, to))
	}
	within := []jsonscan.Part{r.Nested}
	for _, one := range r.Requests.Elements() {
		within = append(within, one)
	}
	for _, request := range within {
		if name := request.Get("model"); name.Raw != nil {
			edits = append(edits, model(name, to))
		}
	}
	return jsonscan.Apply(body, edits...), nil
}

// wrap is a request of the public API as Code Assist takes it.
func wrap(body []byte, name, project string) ([][]byte, error) {
	inner, err := without(body, "model")
	if err != nil {
		return nil, err
	}
	head := append([]byte(`{"model":`), provider.Encode(name)...)
	head = append(append(head, `,"project":`...), provider.Encode(project)...)
	parts := append([][]byte{append(head, `,"request":`...)}, inner...)
	return append(parts, []byte("}")), nil
}

// wrapCount is a request to count tokens as Code Assist takes it: it counts contents, and nothing else.
func wrapCount(body []byte, name string) ([][]byte, error) {
	r, err := gemini.ReadRequest(body)
	if err != nil {
		return nil, err
	}
	contents := r.Contents.Raw
	if r.Nested.Raw != nil {
		if contents, err = onlyContents(r.Nested.Raw); err != nil {
			return nil, err
		}
	}
	head := append([]byte(`{"request":{"model":`), provider.Encode("models/"+name)...)
	return [][]byte{append(head, `,"contents":`...), contents, []byte("}}")}, nil
}

func onlyContents(nested []byte) (contents []byte, err error) {
	s := jsonscan.Top(nested)
	for s.Next() {
		switch key := string(s.Key); key {
		case "contents":
			contents = s.Value
		case "model":
		default:
			return nil, unsayable("generateContentRequest." + key + ": the account's API (Code Assist) counts contents only")
		}
	}
	if contents == nil && s.Err() == nil {
		return nil, unsayable("generateContentRequest.contents: it is not specified")
	}
	return contents, s.Err()
}

func unsayable(message string) error {
	return &provider.Fault{Status: http.StatusBadRequest, Kind: provider.BadRequest, Message: message}
}

// unwrap is what a Code Assist request wraps, as the public API takes it. Its session and labels, which only Code Assist
// knows, are left out, and so is the model, which is in the path.
func unwrap(body []byte) ([][]byte, error) {
	e, err := gemini.ReadEnvelope(body)
	if err != nil {
		return nil, err
	}
	return without(e.Request.Raw, "session_id", "sessionId", "labels", "model")
}

// without gives an object without some of its members.
func without(object []byte, names ...string) ([][]byte, error) {
	edits, err := jsonscan.Without(object, names...)
	return jsonscan.Apply(object, edits...), err
}
