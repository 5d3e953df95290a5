package gemini

import (
	"encoding/json"
	"sync"
	"time"

	"crs/lab/simulator/provider"
)

// onboarding counts how often each account has asked to be onboarded, or whether it is. It takes two times.
type onboarding struct {
	mu    sync.Mutex // guards the field below
	asked map[string]int
}

// The tiers of Code Assist. A user of the second one brings a project.
const (
	freeTier     = "free-tier"
	standardTier = "standard-tier"
)

const onboardingOperation = "operations/onboarding-simulated"

// setup is the body of a request that prepares an account.
type setup struct {
	Tier    string `json:"tierId"`
	Project string `json:"cloudaicompanionProject"`
}

func newOnboarding() onboarding { return onboarding{asked: map[string]int{}} }

// ask reports whether the account is in by now.
func (o *onboarding) ask(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked[name]++
	return o.asked[name] >= 2
}

func (o *onboarding) done(name string) bool { return o.times(name) >= 2 }

func (o *onboarding) times(name string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked[name]
}

// answerLoad tells the tier and the project of an account, or which tiers there are for one that is not in yet.
func (a *codeAssist) answerLoad(c *provider.Call, _ *provider.Step) provider.Reply {
	to := a.grants.Account(c.Credential)
	owner := to.Owner
	if owner.New && !a.moving.done(to.Name) {
		return told(claims{"allowedTiers": tiers(owner.Plan), "gcpManaged": false})
	}
	return told(claims{
		"currentTier": tier(owner.Plan), "allowedTiers": tiers(owner.Plan), "cloudaicompanionProject": owner.Project,
		"gcpManaged": false, "manageSubscriptionUri": "https://accounts.google.com/AccountChooser",
	})
}

func tier(id string) claims {
	return claims{
		"id": id, "name": "Gemini Code Assist (" + id + ")", "description": "Simulated",
		"userDefinedCloudaicompanionProject": id == standardTier,
	}
}

func tiers(plan string) []claims {
	all := []claims{tier(freeTier), tier(standardTier)}
	for _, t := range all {
		if t["id"] == plan {
			t["isDefault"] = true
		}
	}
	return all
}

// admitOnboard checks what is asked for: the free tier comes with a project, the other one wants one.
func (a *codeAssist) admitOnboard(c *provider.Call) *provider.Failure {
	if f := a.identify(c); f != nil {
		return f
	}
	var in setup
	if json.Unmarshal(c.Body, &in) != nil {
		return Unreadable()
	}
	owner := a.grants.Account(c.Credential).Owner
	switch {
	case in.Tier == "":
		return badArgument("Request contains an invalid argument: tierId is missing.")
	case in.Tier == freeTier && in.Project != "":
		return Refuse(400, "FAILED_PRECONDITION", "Precondition check failed: a project must not be given for "+freeTier+".")
	case in.Tier != freeTier && in.Project != owner.Project:
		return Refuse(400, "FAILED_PRECONDITION", "Precondition check failed: "+in.Tier+" wants a project of the user's.")
	}
	return nil
}

// admitOperation admits whoever has begun.
func (a *codeAssist) admitOperation(c *provider.Call) *provider.Failure {
	if f := a.identify(c); f != nil {
		return f
	}
	if a.moving.times(c.Account) == 0 {
		return Refuse(404, "NOT_FOUND", "Requested entity was not found.")
	}
	return nil
}

// answerOnboard answers that it takes a while, then that it is done.
func (a *codeAssist) answerOnboard(c *provider.Call, _ *provider.Step) provider.Reply {
	if !a.moving.ask(c.Account) {
		return told(claims{"name": onboardingOperation, "done": false})
	}
	name := a.grants.Account(c.Credential).Owner.Project
	project := claims{"id": name, "name": name, "projectNumber": "123456789012"}
	return told(claims{
		"name": onboardingOperation, "done": true, "response": claims{
			"@type": "type.googleapis.com/google.internal.cloud.code.v1internal.OnboardUserResponse", "cloudaicompanionProject": project,
		},
	})
}

// answerQuota tells what is left for each model; 5h= of the step is what is used.
func (a *codeAssist) answerQuota(c *provider.Call, st *provider.Step) provider.Reply {
	used := st.FiveHour
	if used == 0 {
		used = provider.FiveHourUsed
	}
	reset := c.At.Truncate(24 * time.Hour).Add(24 * time.Hour).UTC().Format(time.RFC3339)
	var buckets []claims
	for _, m := range models() {
		buckets = append(buckets, claims{"modelId": m.name, "tokenType": "REQUESTS", "remainingFraction": 1 - used, "resetTime": reset})
	}
	return told(claims{"buckets": buckets})
}

// claims are what an answer tells.
type claims map[string]any

func told(c claims) provider.Reply { return answered(provider.JSON(c)) }
