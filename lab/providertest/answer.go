package providertest

import (
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// Answer is an upstream's error, and what it means.
type Answer struct {
	Account    *account.Account // nil means the suite's
	Service    string           // "" means the suite's
	Background bool
	Status     int
	Header     provider.Header
	Body       string
	InStream   bool // Body came inside a stream that had begun

	Next            provider.Next
	Result          account.Result
	Scope           string        // the model family that it is said of
	Only            string        // the service that it is said of
	OfModel         bool          // it is said of the model's exact name
	Until           time.Duration // from now; 0 for not told
	Wait            time.Duration // the upstream's wish for a pause; 0 for none
	Mask            bool
	NeedsReencoding bool
	Becomes         int    // the status, where it is not the answer's own
	Says            string // is in the message
	Hint            string // is in the evidence
}

func (s *Suite) answers(t *testing.T) {
	t.Parallel()
	for _, missing := range s.unjudged() {
		t.Errorf("no answer with %s", missing)
	}
	for name, a := range s.Answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.answer(t, &a)
		})
	}
}

// unjudged are the kinds of answers that every provider must have an opinion on, and that have no line in the table.
func (s *Suite) unjudged() []string {
	var missing []string
	has := func(what string, is func(a Answer) bool) {
		for _, a := range s.Answers {
			if is(a) {
				return
			}
		}
		missing = append(missing, what)
	}
	status := func(all ...int) func(Answer) bool {
		return func(a Answer) bool {
			for _, n := range all {
				if a.Status == n {
					return true
				}
			}
			return false
		}
	}
	has("status 400", status(400))
	has("status 401", status(401))
	has("status 403", status(403))
	has("status 429", status(429))
	has("status 429 and a time", func(a Answer) bool { return a.Status == 429 && a.Until > 0 })
	has("status 500", status(500))
	has("status 503 or 529", status(503, 529))
	has("an error inside a stream", func(a Answer) bool { return a.InStream })
	has("a web page", func(a Answer) bool { return strings.HasPrefix(a.Body, "<") })
	return missing
}

func (s *Suite) answer(t *testing.T, a *Answer) {
	acc, want := s.Account, s.intent(a.Service)
	if a.Account != nil {
		acc = a.Account
	}
	want.Background = a.Background
	r := &provider.Reply{At: s.Now, Status: a.Status, Header: a.Header, Body: []byte(a.Body), InStream: a.InStream}
	v := s.Provider.Judge(&want, acc, r)
	o, ofModel := v.Outcome, ""
	if a.OfModel {
		ofModel = want.Model
	}
	if v.Next != a.Next || o.Result != a.Result || o.Scope != a.Scope || o.Service != a.Only || o.Model != ofModel || v.Mask != a.Mask || v.NeedsReencoding != a.NeedsReencoding {
		t.Errorf("next %d, result %d, scope %q %q %q, conceal %v, foreign %v", v.Next, o.Result, o.Scope, o.Service, o.Model, v.Mask, v.NeedsReencoding)
	}
	var until time.Time
	if a.Until > 0 {
		until = s.Now.Add(a.Until)
	}
	if !o.Until.Equal(until) || v.RetryAfter != a.Wait {
		t.Errorf("until %s, wait %s; want %s, %s", o.Until, v.RetryAfter, until, a.Wait)
	}
	status := a.Status
	if a.Becomes > 0 {
		status = a.Becomes
	}
	if v.Status != status || !strings.Contains(v.Message, a.Says) || !strings.Contains(o.Evidence, a.Hint) {
		t.Errorf("status %d, message %q, evidence %q", v.Status, v.Message, o.Evidence)
	}
	sane(t, "it", want.Service, r, &v)
}

func (s *Suite) intent(service string) provider.Intent {
	if service == "" {
		service = s.Service
	}
	return provider.Intent{Service: service, Model: s.Model, Family: s.Family}
}

// sane is what holds for every verdict.
func sane(t *testing.T, what, service string, r *provider.Reply, v *provider.Verdict) {
	t.Helper()
	o := &v.Outcome
	if o.Evidence == "" || len(o.Evidence) > 600 {
		t.Errorf("%s: evidence of %d bytes: an operator must see why, at a glance", what, len(o.Evidence))
	}
	if v.Status < 400 {
		t.Errorf("%s: status %d for an error", what, v.Status)
	}
	if o.Result == account.Unsupported && (o.Scope != "" || !o.Until.IsZero()) {
		t.Errorf("%s: what an account does not have is said of a model's exact name, for as long as the pool says: scope %q until %s", what, o.Scope, o.Until)
	}
	if v.RetryAfter < 0 || !o.Until.IsZero() && !o.Until.After(r.At) {
		t.Errorf("%s: a rest that is over: until %s, wait %s", what, o.Until, v.RetryAfter)
	}
	if v.Next == provider.Deliver && o.Result != account.Answered {
		t.Errorf("%s: what is the client's fault is no account's: result %d", what, o.Result)
	}
	if !v.NeedsReencoding && !v.Mask && !ownShape(service, r.Body) {
		t.Errorf("%s: the client would get %q for an error of its protocol", what, r.Body[:min(len(r.Body), 100)])
	}
}

// ownShape reports whether a body is an error in the words of the service's protocol, so that a client can have it as it is.
func ownShape(service string, body []byte) bool {
	if !gjson.ValidBytes(body) {
		return false
	}
	e := gjson.GetBytes(body, "error")
	switch protocolOf(service).Name() {
	case "anthropic":
		return gjson.GetBytes(body, "type").String() == "error" && e.Get("type").Type == gjson.String && e.Get("message").Type == gjson.String
	case "openai":
		return e.IsObject()
	}
	if list := gjson.ParseBytes(body); list.IsArray() { // so is an error where a stream would have been one
		e = list.Get("0.error")
	}
	return e.IsObject() && e.Get("message").Type == gjson.String
}
