package simulator

import (
	"crypto/rsa"
	"fmt"
	"time"

	"crs/lab/simulator/login"
	"crs/lab/simulator/provider"
)

// ToolName is the tool that a step with "tool" calls, and ToolInput what it calls it with.
const (
	ToolName  = provider.ToolName
	ToolInput = provider.ToolInput
)

// Vendor is who issues OAuth tokens.
type Vendor = login.Vendor

// The vendors.
const (
	Anthropic = login.Anthropic
	OpenAI    = login.OpenAI
	Google    = login.Google
	WorkOS    = login.WorkOS
)

// Owner is whose an OAuth account is, and what it may do.
type Owner = login.Owner

// Login is an OAuth account that exists already.
type Login struct {
	// Access is the access token that it has, and its name in scripts and records.
	Access string
	// Refresh is its refresh token; without one it just expires.
	Refresh string
	// Expires is when the access token does. The zero time is when one would that is issued now.
	Expires time.Time
	Owner
}

// AddLogin registers an OAuth account at a vendor. Once there is one, access tokens of that vendor that were not
// registered or issued are refused. An unknown vendor is a mistake of the caller's, and panics.
func (s *Server) AddLogin(v Vendor, l Login) {
	s.grants(v).Add(l.Access, l.Refresh, s.options.Now(), l.Expires, l.Owner)
}

// AddOAuth registers an OAuth account of Anthropic, which is known by this first access token. Once there is one, access
// tokens that were not registered or issued are refused. An empty refresh token makes it a setup token.
func (s *Server) AddOAuth(access, refresh string, expires time.Time) {
	s.AddLogin(Anthropic, Login{Access: access, Refresh: refresh, Expires: expires})
}

// Introduce says who the next is that logs in at a vendor, in a browser or on a device. Without it, it is somebody new.
func (s *Server) Introduce(v Vendor, o Owner) { s.grants(v).Introduce(o) }

// Approve agrees to the login on another device that shows userCode, as its owner would in a browser.
func (s *Server) Approve(userCode string) error { return s.decideDevice(userCode, login.Approved) }

// Deny refuses it.
func (s *Server) Deny(userCode string) error { return s.decideDevice(userCode, login.Denied) }

func (s *Server) decideDevice(userCode string, v login.Verdict) error {
	for _, g := range s.vendors {
		if g.Decide(userCode, v, s.options.Now()) {
			return nil
		}
	}
	return fmt.Errorf("no login is waiting for the code %q", userCode)
}

func (s *Server) grants(v Vendor) *login.Grants {
	g := s.vendors[v]
	if g == nil {
		panic(fmt.Sprintf("simulator: there is no vendor %q", v))
	}
	return g
}

// AddService registers a service account of Google's, whose tokens live so long. A nil key takes it away.
func (s *Server) AddService(email string, key *rsa.PublicKey, life time.Duration) {
	s.services.Add(email, key, life)
}

// AddGeminiKey registers an API key of Gemini. Once there is one, others are refused.
func (s *Server) AddGeminiKey(key string) { s.keys.Add(login.GeminiKey, key, login.Signer{}) }

// AddBedrockKey registers a bearer token of Bedrock. Once there is one, others are refused.
func (s *Server) AddBedrockKey(key string) { s.keys.Add(login.BedrockKey, key, login.Signer{}) }

// AddAccessKey registers a pair that signs requests to Bedrock; session may be empty. Signatures of registered pairs are
// checked, and once there is one, others are refused.
func (s *Server) AddAccessKey(id, secret, session string) {
	s.keys.Add(login.AccessKey, id, login.Signer{Secret: secret, Session: session})
}
