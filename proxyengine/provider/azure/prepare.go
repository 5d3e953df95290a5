package azure

import (
	"cmp"
	"net/http"
	"strings"

	"crs/internal/account"
	"crs/internal/model"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

const (
	defaultVersion   = "2024-10-21"
	responsesVersion = "2025-04-01-preview"
	// usageSince is the version from which on a stream may be asked for its figures.
	usageSince = "2024-09-01"
)

// Prepare implements provider.Provider: the client's own body, byte for byte but for the deployment's name, where it stands
// there, and the wish for figures.
func (p *Provider) Prepare(in *provider.Inbound, want *provider.Intent, acc *account.Account) (*provider.Outbound, error) {
	endpoint, err := p.endpoint(acc)
	if err != nil {
		return nil, err
	}
	w := placeOf(in, want, acc)
	if err := checkName(deploymentOf(acc, want.Model), want, acc); err != nil {
		return nil, err
	}
	asked := *want
	asked.HideUsage = want.HideUsage && (w.version == "" || w.version >= usageSince || !dated(w.version))
	body, err := openai.Body(in, &asked, w.name)
	if err != nil {
		return nil, err
	}
	return &provider.Outbound{
		Endpoint: endpoint, Method: http.MethodPost, Target: endpoint.Path + w.path + query(in.Query, w.version),
		Header: append(openai.Header(in.Header), credential(acc)), Body: body,
	}, nil
}

// checkName: every request names its deployment.
func checkName(name string, want *provider.Intent, acc *account.Account) error {
	if name == "" {
		return &provider.Fault{Status: http.StatusBadRequest, Kind: provider.BadRequest, Message: "Invalid value for 'model': it is no deployment's name."}
	}
	return provider.CheckName(name, want, acc, model.Segment)
}

func dated(version string) bool { return strings.HasPrefix(version, "20") }

// place is where a request goes, and how: protocols.md, F.
type place struct {
	path, version string
	name          string // of the deployment, where the body must say it
}

func placeOf(in *provider.Inbound, want *provider.Intent, acc *account.Account) place {
	name := deploymentOf(acc, want.Model)
	set, asked := acc.Options[apiVersion], clientVersion(in.Query)
	how := acc.Options[surface]
	switch responses := want.Service == openai.Responses; {
	case how == v1, how == "" && responses && set == "":
		if asked != "preview" { // the only one that this surface knows
			asked = ""
		}
		return place{"/openai/v1" + openai.Path(in, want), cmp.Or(set, asked), name}
	case responses:
		return place{"/openai/responses", cmp.Or(set, asked, responsesVersion), name}
	}
	return place{"/openai/deployments/" + model.Escape(name) + openai.Path(in, want), cmp.Or(set, asked, defaultVersion), ""}
}

// clientVersion is the version that the client itself asks for, as Azure's own clients do; "" when it makes no sense.
func clientVersion(query string) string {
	for part := range strings.SplitSeq(query, "&") {
		if value, ok := versionIn(part); ok && versionShape.MatchString(value) {
			return value
		}
	}
	return ""
}

func versionIn(part string) (string, bool) {
	name, value, _ := strings.Cut(part, "=")
	return value, strings.EqualFold(name, apiVersion)
}

// query is the client's own, with the version that was settled on.
func query(client, version string) string {
	var kept []string
	if version != "" {
		kept = append(kept, apiVersion+"="+version)
	}
	for part := range strings.SplitSeq(client, "&") {
		if _, is := versionIn(part); part != "" && !is {
			kept = append(kept, part)
		}
	}
	if len(kept) == 0 {
		return ""
	}
	return "?" + strings.Join(kept, "&")
}

func credential(acc *account.Account) provider.Field {
	secret := acc.Credential.Secret.Reveal()
	if acc.Options[auth] == bearer {
		return provider.Bearer(secret)
	}
	return provider.Field{Name: "api-key", Value: secret}
}
