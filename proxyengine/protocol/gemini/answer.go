package gemini

import (
	"net/http"
	"slices"
	"strings"

	"crs/proxyengine/provider"
)

// What the relay says of itself to a Code Assist client: a tier that is set up already, and a project, so that the client
// asks no further. The accounts' own projects are none of its business.
const (
	loaded = `{"currentTier":{"id":"standard-tier","name":"crs","description":"Served by this relay's own accounts"},` +
		`"allowedTiers":[{"id":"standard-tier","name":"crs","description":"Served by this relay's own accounts","isDefault":true}],` +
		`"cloudaicompanionProject":"crs"}`
	onboarded = `{"name":"operations/crs","done":true,"response":{"cloudaicompanionProject":{"id":"crs","name":"crs"}}}`
)

// Answer implements provider.Answerer: one model, and what a Code Assist client asks besides answers.
func (Protocol) Answer(in *provider.Inbound, models []string) (string, []byte, error) {
	switch {
	case strings.HasPrefix(in.Path, internal):
		return jsonType, []byte(companion(in.Path)), nil
	case !slices.Contains(models, bare(in.Param)):
		return "", nil, &provider.Fault{
			Status: http.StatusNotFound, Kind: provider.NotFound,
			Message: "models/" + bare(in.Param) + " is not found: no account here serves it, or the key may not use it",
		}
	}
	return jsonType, provider.Encode(entry(bare(in.Param))), nil
}

// companion answers what a Code Assist client asks. Settings, experiments, quotas and metrics are Google's matter with an
// account: there are none to tell.
func companion(path string) string {
	switch {
	case strings.HasSuffix(path, load):
		return loaded
	case strings.HasSuffix(path, onboard):
		return onboarded
	}
	return "{}"
}

// item is a model as the protocol lists it.
type item struct {
	Name    string   `json:"name"`
	Display string   `json:"displayName"`
	Methods []string `json:"supportedGenerationMethods"`
}

func entry(name string) item {
	i := item{Name: "models/" + name, Display: name, Methods: []string{"generateContent", "countTokens"}}
	if strings.Contains(name, "embedding") {
		i.Methods = []string{"embedContent", "countTokens"}
	}
	return i
}

// Models implements provider.Protocol.
func (Protocol) Models(names []string) (string, []byte) {
	list := struct {
		Models []item `json:"models"`
	}{Models: []item{}}
	for _, n := range names {
		list.Models = append(list.Models, entry(n))
	}
	return jsonType, provider.Encode(&list)
}

const jsonType = "application/json; charset=UTF-8"
