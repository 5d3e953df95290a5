package provider

import (
	"net/http"
	"net/url"
)

// Form is a POST of a form that is answered in JSON, as token endpoints take it. path is below the endpoint's own.
func Form(to Endpoint, path string, form url.Values) *Outbound {
	return &Outbound{
		Endpoint: to, Method: http.MethodPost, Target: to.Path + path, Body: [][]byte{[]byte(form.Encode())},
		Header: Header{
			{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}, {Name: "Accept", Value: "application/json"},
			{Name: "Accept-Encoding", Value: "identity"},
		},
	}
}
