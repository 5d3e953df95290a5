package crstest

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"crs/ctl"
	"crs/lab/simulator"
)

// Account adds an account of platform claude-console whose key is sk-ant-NAME, so that a script of the simulator can name
// it.
func (b *Box) Account(name string, change ...func(*ctl.NewAccount)) ctl.Account {
	b.t.Helper()
	return b.AccountOn("claude-console", name, change...)
}

// AccountOn is the same for any platform that takes API keys.
func (b *Box) AccountOn(platform, name string, change ...func(*ctl.NewAccount)) ctl.Account {
	b.t.Helper()
	a := ctl.NewAccount{Platform: platform, Name: name, APIKey: Secret(name)}
	switch platform {
	case "azure-openai":
		a.BaseURL = b.Sim.URL()
	case "bedrock":
		a.Options = map[string]string{"region": "us-east-1", "auth": "bearer"}
	}
	for _, c := range change {
		c(&a)
	}
	added, err := b.AddAccount(b.t.Context(), a)
	if err != nil {
		b.t.Fatal(err)
	}
	return added
}

// Secret is the credential of an account that Account adds.
func Secret(name string) string { return "sk-ant-" + word(name) }

// word is a name as a credential has it.
func word(name string) string { return strings.ReplaceAll(name, " ", "-") }

// Subscription adds an account of platform claude whose tokens the simulator knows, good for so long.
func (b *Box) Subscription(name string, life time.Duration, change ...func(*ctl.NewAccount)) ctl.Account {
	b.t.Helper()
	access, refresh, expires := "sk-ant-oat01-"+word(name), "sk-ant-ort01-"+word(name), b.Clock.Now().Add(life)
	b.Sim.AddOAuth(access, refresh, expires)
	file := fmt.Sprintf(`{"claudeAiOauth":{"accessToken":%q,"refreshToken":%q,"expiresAt":%d,"scopes":["user:inference"],"subscriptionType":"max"}}`,
		access, refresh, expires.UnixMilli())
	return b.imported("claude", name, file, change)
}

// Codex adds an account of platform openai, as Codex saves its login.
func (b *Box) Codex(name string, life time.Duration, change ...func(*ctl.NewAccount)) ctl.Account {
	b.t.Helper()
	expires := b.Clock.Now().Add(life)
	enc := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"exp":%d,"https://api.openai.com/auth":{"chatgpt_account_id":"acct-%s"}}`, expires.Unix(), name)
	access, refresh := enc([]byte(`{"alg":"none"}`))+"."+enc([]byte(claims))+"."+enc([]byte(name)), "rt-"+name
	b.Sim.AddLogin(simulator.OpenAI, simulator.Login{Access: access, Refresh: refresh, Expires: expires, Owner: simulator.Owner{Account: "acct-" + name}})
	file := fmt.Sprintf(`{"tokens":{"id_token":%q,"access_token":%q,"refresh_token":%q,"account_id":"acct-%s"}}`, access, access, refresh, name)
	return b.imported("openai", name, file, change)
}

// CodeAssist adds an account of platform gemini, as Gemini CLI saves its login.
func (b *Box) CodeAssist(name string, life time.Duration, change ...func(*ctl.NewAccount)) ctl.Account {
	b.t.Helper()
	expires := b.Clock.Now().Add(life)
	b.Sim.AddLogin(simulator.Google, simulator.Login{Access: "ya29." + name, Refresh: "1//" + name, Expires: expires})
	file := fmt.Sprintf(`{"access_token":"ya29.%s","refresh_token":"1//%s","scope":"openid","token_type":"Bearer","expiry_date":%d}`, name, name, expires.UnixMilli())
	return b.imported("gemini", name, file, change)
}

// Droid adds an account of platform droid, as Droid saves its login.
func (b *Box) Droid(name string, life time.Duration, change ...func(*ctl.NewAccount)) ctl.Account {
	b.t.Helper()
	expires := b.Clock.Now().Add(life)
	enc := base64.RawURLEncoding.EncodeToString
	access := enc([]byte(`{"alg":"none"}`)) + "." + enc([]byte(fmt.Sprintf(`{"exp":%d}`, expires.Unix()))) + "." + enc([]byte(name))
	b.Sim.AddLogin(simulator.WorkOS, simulator.Login{Access: access, Refresh: "wr-" + name, Expires: expires, Owner: simulator.Owner{Organization: "org_" + name}})
	return b.imported("droid", name, fmt.Sprintf(`{"access_token":%q,"refresh_token":"wr-%s","organization_id":"org_%s"}`, access, name, name), change)
}

func (b *Box) imported(platform, name, file string, change []func(*ctl.NewAccount)) ctl.Account {
	b.t.Helper()
	a := ctl.NewAccount{Platform: platform, Name: name, File: []byte(file)}
	for _, c := range change {
		c(&a)
	}
	added, err := b.AddAccount(b.t.Context(), a)
	if err != nil {
		b.t.Fatal(err)
	}
	return added
}

// Key makes a key and gives its secret.
func (b *Box) Key(name string, change ...func(*ctl.NewKey)) string {
	b.t.Helper()
	k := ctl.NewKey{Name: name}
	for _, c := range change {
		c(&k)
	}
	made, err := b.CreateKey(b.t.Context(), k)
	if err != nil {
		b.t.Fatal(err)
	}
	b.secrets[name] = made.Secret
	return made.Secret
}

// Secret is the secret of a key that Key made.
func (b *Box) Secret(name string) string { return b.secrets[name] }

// Script sets the simulator's script.
func (b *Box) Script(expr string) {
	b.t.Helper()
	if err := b.Sim.SetScript(expr); err != nil {
		b.t.Fatal(err)
	}
}

// Hello is a body that asks for a few words; Stream the same as a stream.
const (
	Hello  = `{"model":"claude-opus-4-8","max_tokens":64,"messages":[{"role":"user","content":"say ping"}]}`
	Stream = `{"model":"claude-opus-4-8","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"say ping"}]}`
)

// Answer is what a client got.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	Err    error // the body did not come whole
}

// Post sends a body to the relay as Claude Code would, with the headers given in pairs on top.
func (b *Box) Post(key, body string, headers ...string) Answer {
	b.t.Helper()
	return b.Do(b.Request(b.t.Context(), key, body, headers...))
}

// Do sends a request on a connection of its own.
func (b *Box) Do(req *http.Request) Answer {
	b.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	resp, err := client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return Answer{resp.StatusCode, resp.Header, string(text), err}
}

// Request is what Post sends.
func (b *Box) Request(ctx context.Context, key, body string, headers ...string) *http.Request {
	b.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.URL+"/api/v1/messages?beta=true", bytes.NewReader([]byte(body)))
	if err != nil {
		b.t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Authorization": "Bearer " + key, "Content-Type": "application/json", "anthropic-version": "2023-06-01",
		"User-Agent": "claude-cli/2.1.197 (external, sdk-cli)", "x-app": "cli", "anthropic-beta": "claude-code-20250219",
	} {
		req.Header.Set(name, value)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
		}
	}
	return req
}

// Last is the newest line of the request log.
func (b *Box) Last() ctl.Request {
	b.t.Helper()
	all := b.Newest(1)
	if len(all) != 1 {
		b.t.Fatal("the request log is empty")
	}
	return all[0]
}

// Newest is the newest lines of the request log, oldest first.
func (b *Box) Newest(n int) []ctl.Request {
	b.t.Helper()
	all, err := b.Requests(b.t.Context(), ctl.RequestQuery{Limit: n})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// Idle waits until nothing is in flight, and gives the status then. It fails the test when that takes far too long.
func (b *Box) Idle() ctl.Status {
	b.t.Helper()
	return b.Until("nothing is in flight", func(s ctl.Status) bool { return s.InFlight == 0 && s.LedgerOpen == 0 })
}

// Until waits for a status.
func (b *Box) Until(what string, ok func(ctl.Status) bool) ctl.Status {
	b.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		s, err := b.Status(b.t.Context())
		if err != nil {
			b.t.Fatal(err)
		}
		if ok(s) {
			return s
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("never saw that %s: %+v", what, s)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Events are the names of the events in a stream, in order.
func Events(stream string) []string {
	var names []string
	for line := range strings.Lines(stream) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "event: "); ok {
			names = append(names, name)
		}
	}
	return names
}
