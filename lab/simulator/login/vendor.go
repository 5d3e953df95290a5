// Package login imitates what issues credentials: OAuth accounts at all vendors and where people log in to them, in a browser
// or on a device, and API keys.
package login

import (
	"fmt"
	"strings"
	"time"
)

// Vendor is who issues OAuth tokens.
type Vendor string

// The vendors.
const (
	Anthropic Vendor = "anthropic" // Claude
	OpenAI    Vendor = "openai"    // ChatGPT, for Codex
	Google    Vendor = "google"    // for Gemini's Code Assist
	WorkOS    Vendor = "workos"    // for Droid
)

// Owner is whose an OAuth account is, and what it may do: what tokens, profiles and other answers tell of it. What is
// left empty is made up.
type Owner struct {
	Email        string `json:"email,omitempty"`
	Account      string `json:"account,omitempty"`      // the id of the account, or of the user
	Organization string `json:"organization,omitempty"` // its id
	Plan         string `json:"plan,omitempty"`         // such as max, plus or standard-tier
	Project      string `json:"project,omitempty"`      // of Code Assist
	// New is an account that Code Assist has to onboard before it serves it.
	New bool `json:"new,omitempty"`
}

// Vendors are the OAuth accounts at each vendor.
type Vendors map[Vendor]*Grants

// What accounts look like at the vendors.
const (
	simulatedUUID = "5f0e1d2c-0000-4000-8000-51b0a7ed%04d"
	email         = "simulated-%d@example.com"
	googleScope   = "https://www.googleapis.com/auth/"
	day           = 24 * time.Hour

	// AnthropicOrganization is the organization of Anthropic's accounts and keys.
	AnthropicOrganization = "5f0e1d2c-0000-4000-8000-51b0a7ed0001"
	// ScopeInference is the only scope of a setup token of Anthropic's, ScopeProfile the other one of a login.
	ScopeInference = "user:inference"
	ScopeProfile   = "user:profile"
)

// NewVendors has no accounts yet. With a life, access tokens live as long at all of them.
func NewVendors(life time.Duration) Vendors {
	all := Vendors{
		Anthropic: newGrants(manner{
			access: "sk-ant-oat01-", refresh: "sk-ant-ort01-", life: 8 * time.Hour,
			scope: ScopeProfile + " " + ScopeInference, setup: ScopeInference,
			stock: Owner{Email: email, Account: simulatedUUID, Organization: AnthropicOrganization, Plan: "max"},
		}),
		OpenAI: newGrants(manner{
			refresh: "rt_", code: "ac_", userCode: "SIMO-", life: 10 * day, mint: mintOpenAI,
			scope: "openid profile email offline_access",
			stock: Owner{Email: email, Account: simulatedUUID, Organization: "org-sim%d", Plan: "plus"},
		}),
		Google: newGrants(manner{
			access: "ya29.", refresh: "1//0", code: "4/0A", life: time.Hour - time.Second, reusable: true,
			scope: googleScope + "cloud-platform " + googleScope + "userinfo.email",
			stock: Owner{Email: email, Account: "1000000000000000%05d", Plan: "free-tier", Project: "simulated-project-%d"},
		}),
		WorkOS: newGrants(manner{
			userCode: "SIMW-", life: 8 * time.Hour, mint: mintWorkOS,
			stock: Owner{Email: email, Account: "user_01SIM%021d", Organization: "org_01SIM%021d"},
		}),
	}
	for _, g := range all {
		if life != 0 {
			g.life = life
		}
	}
	return all
}

// numbered is a made-up owner with its number put in.
func (o Owner) numbered(n int) Owner {
	for _, field := range []*string{&o.Email, &o.Account, &o.Organization, &o.Project} {
		if strings.Contains(*field, "%") {
			*field = fmt.Sprintf(*field, n)
		}
	}
	return o
}
