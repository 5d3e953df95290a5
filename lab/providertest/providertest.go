// Package providertest is the suite that every provider must pass: what goes upstream, what answers mean, how they are
// counted, how tokens are renewed and files imported, and how its errors reach the clients of every protocol. A provider's
// folder calls Run with its own material.
package providertest

import (
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// Suite is a provider with its own material. What the provider's interfaces need must be there: the suite says what is
// missing.
type Suite struct {
	Provider provider.Provider
	// Now is what the provider takes for the time.
	Now time.Time
	// Requests are what clients send, with what goes upstream for it: at least one for every service of every platform.
	Requests map[string]Request
	// BodyNames: upstreams are told models' names in the body alone.
	BodyNames bool
	// Answers are upstreams' errors, with what they mean. Account, Service, Model and Family are theirs where they have none.
	Answers                map[string]Answer
	Account                *account.Account
	Service, Model, Family string
	// Recordings are answers as upstreams send them: at least one for every service.
	Recordings map[string]Recording
	// Renewal is of a provider whose accounts have tokens that end.
	Renewal *Renewal
	// Files are what its clients save when they log in, by platform.
	Files map[string]string
}

// Run runs the suite.
func Run(t *testing.T, s *Suite) {
	t.Helper()
	t.Run("what its platforms are", s.platforms)
	t.Run("what goes upstream", s.requests)
	t.Run("what models are called", s.names)
	t.Run("what answers mean", s.answers)
	t.Run("what nobody understands", s.nonsense)
	t.Run("how answers are counted", s.recordings)
	t.Run("how clients are told", s.told)
	if p, ok := s.Provider.(provider.Renewer); ok {
		t.Run("how tokens are renewed", func(t *testing.T) { s.renewals(t, p) })
	}
	if p, ok := s.Provider.(provider.Importer); ok {
		t.Run("how files are imported", func(t *testing.T) { s.files(t, p) })
	}
}

// protocolOf is the language that a service is asked for in.
func protocolOf(service string) provider.Protocol {
	switch {
	case strings.HasPrefix(service, "anthropic/"):
		return anthropic.Protocol{}
	case strings.HasPrefix(service, "openai/"):
		return openai.Protocol{}
	}
	return gemini.Protocol{}
}

// bare is a service without the limit to the platforms of one path.
func bare(service string) string {
	name, _, _ := strings.Cut(service, "@")
	return name
}
