// Package vertex imitates LOCATION-aiplatform.googleapis.com as far as it serves Anthropic's models and Google's own. Each of
// the two answers as its own API does, at other paths and with other credentials.
package vertex

import (
	"strings"

	"crs/lab/simulator/gemini"
	"crs/lab/simulator/login"
	"crs/lab/simulator/provider"
)

// target is what a path names.
type target struct {
	model, action string
	project       bool // a project and a location are named, too
}

// targetOf takes /v1/projects/P/locations/L/publishers/OF/models/MODEL:ACTION apart, and the same without a project. The model
// is still escaped. It is empty when the path is none of them.
func targetOf(path, of string) target {
	before, rest, found := strings.Cut(path, "publishers/"+of+"/models/")
	colon := strings.LastIndexByte(rest, ':')
	if !found || colon <= 0 || strings.Contains(rest, "/") {
		return target{}
	}
	p := strings.Split(before, "/")
	project := len(p) == 7 && p[1] == "v1" && p[2] == "projects" && p[3] != "" && p[4] == "locations" && p[5] != ""
	if !project && before != "/v1/" {
		return target{}
	}
	return target{model: rest[:colon], action: rest[colon+1:], project: project}
}

// identify finds out which service account calls.
func identify(c *provider.Call, services *login.Services) *provider.Failure {
	c.Credential = c.Bearer()
	email, good := services.Holder(c.Credential, c.At)
	c.Account = email
	if !good {
		return gemini.Refuse(401, unauthenticated, "Request had invalid authentication credentials. Expected OAuth 2 access token.")
	}
	return nil
}

// unauthenticated is Google's kind of error for who is not let in.
const unauthenticated = "UNAUTHENTICATED"
