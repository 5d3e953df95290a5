package gemini_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

func TestAFaultIsInGooglesWords(t *testing.T) {
	t.Parallel()
	for kind, want := range map[provider.FaultKind]string{
		provider.BadRequest: "INVALID_ARGUMENT", provider.Unauthorized: "UNAUTHENTICATED", provider.Spent: "RESOURCE_EXHAUSTED",
		provider.Forbidden: "PERMISSION_DENIED", provider.NotFound: "NOT_FOUND", provider.TooSlow: "INVALID_ARGUMENT", provider.TooLarge: "INVALID_ARGUMENT",
		provider.RateLimited: "RESOURCE_EXHAUSTED", provider.Internal: "INTERNAL", provider.BadGateway: "UNAVAILABLE", provider.Unavailable: "UNAVAILABLE",
		provider.GatewayTimeout: "DEADLINE_EXCEEDED", provider.UpgradeRequired: "FAILED_PRECONDITION",
	} {
		contentType, body := gemini.Protocol{}.Fault(&provider.Fault{Status: 418, Kind: kind, Message: "a \"word\"\n"})
		if wanted := `{"error":{"code":418,"message":"a \"word\"\n","status":"` + want + `"}}`; string(body) != wanted || !strings.HasPrefix(contentType, "application/json") {
			t.Errorf("%s: %s", contentType, body)
		}
	}
}

// TestAWaitIsInTheDetails: Google's clients do not look at Retry-After.
func TestAWaitIsInTheDetails(t *testing.T) {
	t.Parallel()
	event := string(gemini.Protocol{}.FaultEvent(&provider.Fault{Status: 429, Kind: provider.RateLimited, Message: "m", RetryAfter: 1500 * time.Millisecond}))
	const want = "data: " + `{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2s"}]}}` + "\r\n\r\n"
	if event != want {
		t.Errorf("%s", event)
	}
}

// TestTheRelaysOwnErrorsAreReadAsErrors: what FaultEvent says behind content, a meter finds.
func TestTheRelaysOwnErrorsAreReadAsErrors(t *testing.T) {
	t.Parallel()
	m := meter(eventStream)
	m.Feed(gemini.Protocol{}.FaultEvent(&provider.Fault{Status: 502, Kind: provider.BadGateway, Message: "m"}))
	if m.Failure() == nil {
		t.Error("no failure")
	}
}

func answer(t *testing.T, in *provider.Inbound) gjson.Result {
	t.Helper()
	_, body, err := gemini.Protocol{}.Answer(in, []string{"gemini-2.5-pro", "gemini-embedding-001"})
	if err != nil || !json.Valid(body) {
		t.Fatalf("%s, %v", body, err)
	}
	return gjson.ParseBytes(body)
}

func TestACodeAssistClientIsToldThatItIsSetUp(t *testing.T) {
	t.Parallel()
	loaded := answer(t, &provider.Inbound{Path: "/v1internal:loadCodeAssist"})
	if loaded.Get("currentTier.id").String() == "" || loaded.Get("cloudaicompanionProject").String() != "crs" {
		t.Errorf("%s", loaded)
	}
	onboarded := answer(t, &provider.Inbound{Path: "/v1internal:onboardUser"})
	if !onboarded.Get("done").Bool() || onboarded.Get("response.cloudaicompanionProject.id").String() != "crs" {
		t.Errorf("%s", onboarded)
	}
	for _, path := range []string{":listExperiments", ":retrieveUserQuota", ":recordCodeAssistMetrics", "/event:receive", "/operations/x"} {
		if got := answer(t, &provider.Inbound{Path: "/v1internal" + path}); got.Raw != "{}" {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestModelsAreTold(t *testing.T) {
	t.Parallel()
	one := answer(t, &provider.Inbound{Path: "/v1beta/models/gemini-2.5-pro", Param: "models/gemini-2.5-pro"})
	if one.Get("name").String() != "models/gemini-2.5-pro" || one.Get("supportedGenerationMethods.0").String() != "generateContent" {
		t.Errorf("%s", one)
	}
	_, _, err := gemini.Protocol{}.Answer(&provider.Inbound{Path: "/v1beta/models/x", Param: "x"}, []string{"y"})
	var f *provider.Fault
	if !errors.As(err, &f) || f.Status != 404 || f.Kind != provider.NotFound {
		t.Errorf("%v", err)
	}
	_, list := gemini.Protocol{}.Models([]string{"gemini-2.5-pro", "gemini-embedding-001"})
	if got := gjson.GetBytes(list, "models.#.name").Raw; got != `["models/gemini-2.5-pro","models/gemini-embedding-001"]` {
		t.Errorf("%s", list)
	}
	if got := gjson.GetBytes(list, "models.1.supportedGenerationMethods.0").String(); got != "embedContent" {
		t.Errorf("%s", list)
	}
	if _, none := (gemini.Protocol{}).Models(nil); string(none) != `{"models":[]}` {
		t.Errorf("%s", none)
	}
}

func TestEveryRouteIsServedOrAnswered(t *testing.T) {
	t.Parallel()
	for _, r := range (gemini.Protocol{}).Routes() {
		if (r.Service == "") == (r.Local == provider.Relayed) {
			t.Errorf("%+v", r)
		}
	}
}
