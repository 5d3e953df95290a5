package gemini

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/internal/jsonscan"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// edit puts text in the place of a stretch of a body.
type edit struct {
	at, length int
	text       []byte
}

// edited gives a body with edits, as parts; nothing of the body is copied.
func edited(body []byte, edits []edit) [][]byte {
	slices.SortFunc(edits, func(a, b edit) int { return a.at - b.at })
	parts, from := make([][]byte, 0, 2*len(edits)+1), 0
	for _, e := range edits {
		parts = append(parts, body[from:e.at:e.at], e.text)
		from = e.at + e.length
	}
	return append(parts, body[from:])
}

// addressed is a Code Assist request as the account sends it: its own project, and the model that it knows.
func addressed(body []byte, want *provider.Intent, acc *account.Account, name string) ([][]byte, error) {
	e, err := gemini.ReadEnvelope(body)
	if err != nil {
		return nil, err
	}
	var edits []edit
	switch own := quoted(acc.Options[project]); {
	case e.Project.Raw != nil:
		edits = append(edits, edit{e.Project.At, len(e.Project.Raw), own})
	case want.Service == gemini.CodeAssist:
		member := append(append([]byte(`"project":`), own...), ',')
		edits = append(edits, edit{at: bytes.IndexByte(body, '{') + 1, text: member})
	}
	if name != want.Model {
		edits = append(edits, model(body[want.ModelAt:want.ModelAt+want.ModelLen], want.ModelAt, name))
	}
	return edited(body, edits), nil
}

// model puts a name in the place of a model's, which keeps the collection that it begins with.
func model(raw []byte, at int, name string) edit {
	if text, _ := jsonscan.String(raw); strings.HasPrefix(text, "models/") {
		name = "models/" + name
	}
	return edit{at, len(raw), quoted(name)}
}

func quoted(text string) []byte {
	b, err := json.Marshal(text)
	if err != nil {
		return []byte(`""`) // cannot be: it is text
	}
	return b
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
	var edits []edit
	inside := func(object []byte, at int) error {
		r, err := gemini.ReadRequest(object)
		if err == nil && r.Model.Raw != nil {
			edits = append(edits, model(r.Model.Raw, at+r.Model.At, to))
		}
		return err
	}
	if r.Model.Raw != nil {
		edits = append(edits, model(r.Model.Raw, r.Model.At, to))
	}
	if r.Nested.Raw != nil {
		err = inside(r.Nested.Raw, r.Nested.At)
	}
	gjson.Parse(jsonscan.View(r.Requests.Raw)).ForEach(func(_, one gjson.Result) bool {
		err = inside(jsonscan.Bytes(one.Raw), r.Requests.At+one.Index)
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	return edited(body, edits), nil
}

// wrap is a request of the public API as Code Assist takes it.
func wrap(body []byte, name, project string) ([][]byte, error) {
	inner, err := without(body, "model")
	if err != nil {
		return nil, err
	}
	head := append([]byte(`{"model":`), quoted(name)...)
	head = append(append(head, `,"project":`...), quoted(project)...)
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
	head := append([]byte(`{"request":{"model":`), quoted("models/"+name)...)
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

// without gives an object without some of its members, as parts; the object itself when it has none of them.
func without(object []byte, names ...string) ([][]byte, error) {
	parts, dropped := [][]byte{[]byte("{")}, false
	s := jsonscan.Top(object)
	for s.Next() {
		key := s.Key
		if jsonscan.Escaped(key) {
			plain, ok := jsonscan.Canonical(key)
			if !ok {
				return nil, fmt.Errorf("a key of the request is not valid JSON")
			}
			key = plain
		}
		if slices.Contains(names, string(key)) {
			dropped = true
			continue
		}
		if len(parts) > 1 {
			parts = append(parts, []byte(","))
		}
		parts = append(parts, []byte(`"`), s.Key, []byte(`":`), s.Value)
	}
	if !dropped {
		return [][]byte{object}, s.Err()
	}
	return append(parts, []byte("}")), s.Err()
}
