package gemini

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

const (
	freeTier = "free-tier"
	// onboardEvery is how long to wait before asking again whether an account is set up.
	onboardEvery = 5 * time.Second
	onboardTries = 12
)

// Finish implements provider.Finisher: it finds out which project an account's requests must name, and has Google set one up
// where there is none (protocols.md, D.2).
func (p *Provider) Finish(ctx context.Context, call provider.Call, acc *account.Account) error {
	if acc.Platform != Subscription || acc.Options[project] != "" && acc.Options[plan] != "" {
		return nil
	}
	s := setup{call: call, acc: acc, own: acc.Options[project]}
	b, err := p.base(acc)
	if err != nil {
		return err
	}
	s.endpoint = b.endpoint
	found, tier, err := s.load(ctx)
	if err == nil && tier == "" {
		found, tier, err = s.onboard(ctx)
	}
	if err != nil {
		return err
	}
	if s.own != "" {
		found = s.own
	}
	if found == "" {
		return needsProject(tier)
	}
	provider.SetOptions(acc, map[string]string{project: found, plan: tier})
	return nil
}

func needsProject(tier string) error {
	return fmt.Errorf("this Google account (%s) needs a Google Cloud project of its owner: begin the login again with --project ID", tier)
}

// setup is an account on its way to a project.
type setup struct {
	call     provider.Call
	acc      *account.Account
	endpoint provider.Endpoint
	own      string       // the project that the operator named
	offers   gjson.Result // what there is for an account that is not set up
}

// load asks how the account stands. It gives no tier for one that is not set up yet.
func (s *setup) load(ctx context.Context) (found, tier string, err error) {
	r, err := s.ask(ctx, ":loadCodeAssist", map[string]any{})
	if err != nil {
		return "", "", err
	}
	if r.Status != http.StatusOK {
		e := gemini.ReadProblem(r)
		if e.Reason == "SECURITY_POLICY_VIOLATED" {
			return "", "standard-tier", nil // a company's perimeter does not let this be asked
		}
		return "", "", fmt.Errorf("ask Code Assist about the account: it answered %s", e.Evidence())
	}
	s.offers = gjson.ParseBytes(r.Body)
	return s.offers.Get("cloudaicompanionProject").String(), idOf(s.offers.Get("currentTier")), nil
}

// idOf reads an object with an id, or the id itself.
func idOf(v gjson.Result) string {
	if v.IsObject() {
		return v.Get("id").String()
	}
	return v.String()
}

// onboard sets the account up in the tier that is offered first. It takes a while, so it is asked again until it is done.
func (s *setup) onboard(ctx context.Context) (found, tier string, err error) {
	tier, err = s.offered()
	if err != nil {
		return "", "", err
	}
	fields := map[string]any{"tierId": tier}
	if tier != freeTier && s.own != "" { // the free one comes with a project, and refuses another
		fields["cloudaicompanionProject"] = s.own
	}
	for range onboardTries {
		r, err := s.ask(ctx, ":onboardUser", fields)
		if err != nil {
			return "", "", err
		}
		done := gjson.ParseBytes(r.Body)
		switch {
		case r.Status != http.StatusOK:
			e := gemini.ReadProblem(r)
			return "", "", fmt.Errorf("set the account up with Code Assist: it answered %s", e.Evidence())
		case done.Get("error").IsObject():
			return "", "", fmt.Errorf("set the account up with Code Assist: %s", done.Get("error.message"))
		case done.Get("done").Bool():
			return idOf(done.Get("response.cloudaicompanionProject")), tier, nil
		}
		if err := sleep(ctx, onboardEvery); err != nil {
			return "", "", fmt.Errorf("wait until Code Assist has set the account up: %w", err)
		}
	}
	return "", "", errors.New("the account was not set up for Code Assist within a minute; finish the login again")
}

// offered is the tier to be set up in: the one marked, or the oldest.
func (s *setup) offered() (string, error) {
	allowed := s.offers.Get("allowedTiers").Array()
	if reason := s.offers.Get("ineligibleTiers.0"); len(allowed) == 0 && reason.Exists() {
		err := fmt.Errorf("this account is not offered Code Assist by Google: %s", reason.Get("reasonMessage"))
		if link := reason.Get("validationUrl").String(); link != "" {
			return "", fmt.Errorf("%w: its owner must open %s", err, link)
		}
		return "", err
	}
	for _, t := range allowed {
		if !t.Get("isDefault").Bool() {
			continue
		}
		if t.Get("userDefinedCloudaicompanionProject").Bool() && s.own == "" {
			return "", needsProject(t.Get("id").String())
		}
		return t.Get("id").String(), nil
	}
	if s.own == "" {
		return "", needsProject("legacy-tier")
	}
	return "legacy-tier", nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask calls a method of Code Assist.
func (s *setup) ask(ctx context.Context, method string, fields map[string]any) (*provider.Reply, error) {
	if s.own != "" && method == ":loadCodeAssist" {
		fields["cloudaicompanionProject"] = s.own
	}
	r, err := s.call(ctx, assistRequest(s.endpoint, s.acc, method, s.own, fields))
	if err != nil {
		return nil, fmt.Errorf("ask Code Assist about the account: %w", err)
	}
	return r, nil
}

// assistRequest is a request about an account itself.
func assistRequest(e provider.Endpoint, acc *account.Account, method, project string, fields map[string]any) *provider.Outbound {
	about := map[string]string{"ideType": "IDE_UNSPECIFIED", "platform": "PLATFORM_UNSPECIFIED", "pluginType": "GEMINI"}
	if project != "" {
		about["duetProject"] = project
	}
	fields["metadata"] = about
	return &provider.Outbound{
		Endpoint: e, Method: http.MethodPost, Target: e.Path + internal + method, Header: header(provider.OwnHeader(), acc),
		Body: [][]byte{provider.Encode(fields)},
	}
}
