package daemon_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
	"crs/lab/freeport"
	"crs/lab/proxytest"
)

// The operator's secrets, besides what each account authenticates with.
const (
	leakOrg      = "org-Q7wmZr4Tx9LpVd2abcd"
	leakOrgID    = "2b1c3d4e-5f60-4711-8899-aabbccddeeff"
	leakProject  = "acme-prod-3141"
	leakNumber   = "314159265358"
	leakARN      = "arn:aws:iam::271828182845:user/relay"
	leakAddress  = "10.20.30.40"
	leakHost     = "gateway.corp.internal"
	leakResource = "acme-eu.openai.azure.com"
	leakMail     = "ops@acme-corp.example"
	leakFile     = "/var/lib/gateway/keys.json"
)

// secretsOfAll are known of every account.
func secretsOfAll() []string {
	return []string{leakOrg, leakOrgID, leakProject, leakNumber, leakARN, "271828182845", leakAddress, leakHost, leakResource, leakMail, leakFile}
}

// leakAccount is an account with what it authenticates with.
type leakAccount struct {
	add         func(b *crstest.Box, azure string, change func(*ctl.NewAccount)) ctl.Account
	credentials []string
	model       string // upstream, where not every name will do
}

// leakName is in every credential.
const leakName = "leaky-q7WmZr4Tx9LpVd2"

// leakAccounts has a way to add an account of each platform. A new platform needs its row, and then holds to all of this.
func leakAccounts() map[string]leakAccount {
	plain := func(platform string) leakAccount {
		return leakAccount{credentials: []string{crstest.Secret(leakName)}, add: func(b *crstest.Box, azure string, change func(*ctl.NewAccount)) ctl.Account {
			return b.AccountOn(platform, leakName, func(a *ctl.NewAccount) {
				if platform == "azure-openai" {
					a.BaseURL = azure
				}
			}, change)
		}}
	}
	vertex := plain("vertex") // with an API key
	vertex.model = "gemini-leak-upstream"
	const awsID, awsKey, awsToken = "AKIAQ7WMZR4TX9LPVD2A", "q7WmZr4Tx9LpVd2/abcdEFGH+ijklMNOPqrstUVW", "IQoJb3JpZ2luX2VjQ7wmZr4Tx9LpVd2=="
	return map[string]leakAccount{
		"claude-console": plain("claude-console"), "openai-responses": plain("openai-responses"), "azure-openai": plain("azure-openai"), "gemini-api": plain("gemini-api"), "vertex": vertex,
		"bedrock": {credentials: []string{awsID, awsKey, awsToken}, add: func(b *crstest.Box, _ string, change func(*ctl.NewAccount)) ctl.Account {
			return b.AccountOn("bedrock", leakName, func(a *ctl.NewAccount) {
				a.APIKey, a.Options = awsID+":"+awsKey+":"+awsToken, map[string]string{"region": "us-east-1"}
			}, change)
		}},
		"claude": {credentials: []string{"sk-ant-oat01-" + leakName, "sk-ant-ort01-" + leakName}, add: func(b *crstest.Box, _ string, change func(*ctl.NewAccount)) ctl.Account {
			return b.Subscription(leakName, 10*time.Hour, change)
		}},
		"openai": {credentials: []string{"rt-" + leakName, base64.RawURLEncoding.EncodeToString([]byte(leakName)), "acct-" + leakName}, add: func(b *crstest.Box, _ string, change func(*ctl.NewAccount)) ctl.Account {
			return b.Codex(leakName, 10*time.Hour, change)
		}},
		"gemini": {credentials: []string{"ya29." + leakName, "1//" + leakName}, add: func(b *crstest.Box, _ string, change func(*ctl.NewAccount)) ctl.Account {
			return b.CodeAssist(leakName, 10*time.Hour, func(a *ctl.NewAccount) {
				a.Options = map[string]string{"project": leakProject, "plan": "standard-tier"}
			}, change)
		}},
		"droid": {credentials: []string{"wr-" + leakName, base64.RawURLEncoding.EncodeToString([]byte(leakName)), "org_" + leakName}, add: func(b *crstest.Box, _ string, change func(*ctl.NewAccount)) ctl.Account {
			return b.Droid(leakName, 10*time.Hour, change)
		}},
	}
}

// leakPlatforms are all there are, as the daemon says.
func leakPlatforms(t *testing.T, b *crstest.Box) []string {
	t.Helper()
	_, err := b.AddAccount(t.Context(), ctl.NewAccount{Platform: "none", Name: "x", APIKey: "x"})
	var e *ctl.Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.Hint, "the platforms are: ") {
		t.Fatalf("%v", err)
	}
	return strings.Split(strings.TrimPrefix(e.Hint, "the platforms are: "), ", ")
}

// leakRoutes are the clients: of each protocol and path, streaming and not.
func leakRoutes() map[string]asker {
	all := map[string]asker{}
	for _, platform := range []string{"claude-console", "openai-responses", "gemini-api", "openai", "droid"} { // the others are asked alike
		all["as on "+platform] = askers()[platform]
	}
	chat := askers()["openai-responses"]
	for name, path := range map[string]string{
		"chat of Claude": "/openai/claude/v1/chat/completions", "chat of Gemini": "/openai/gemini/v1/chat/completions", "chat by model": "/api/v1/chat/completions",
		"chat at Azure": "/azure/openai/deployments/leak-model/chat/completions", "chat at Factory": "/droid/comm/v1/chat/completions",
	} {
		k := chat
		k.path = path
		all[name] = k
	}
	responses := askers()["openai"]
	responses.body = strings.Replace(responses.body, `"stream":true`, `"stream":false`, 1)
	all["Responses"] = responses
	responses.path = "/droid/openai/v1/responses"
	all["Responses at Factory"] = responses
	all["Code Assist"] = asker{path: "/gemini/v1internal:generateContent", body: `{"model":"gemini-2.5-pro","project":"","request":{"contents":[{"role":"user","parts":[{"text":"x"}]}]}}`, header: askers()["gemini-api"].header}
	count := askers()["claude-console"]
	count.path += "/count_tokens"
	all["counting"] = count
	for name, k := range all {
		k.named("leak-model")
		all[name] = k
	}
	return all
}

// leaky is an upstream that says in its errors all that it should not.
type leaky struct {
	*httptest.Server
	asked atomic.Int64

	mu     sync.Mutex // guards the fields below
	status int
	inside string // "" for an error of its own, else where it is in a stream: first, behind content, object
	says   string
}

func newLeaky(t *testing.T, credentials []string) *leaky {
	t.Helper()
	l := &leaky{}
	var said strings.Builder
	for _, c := range append(slices.Clone(credentials), secretsOfAll()...) {
		quoted, _ := json.Marshal(c)
		fmt.Fprintf(&said, " refused %s; Bearer %s; %s; %s; user:%s=%s (%s)", c, c, url.QueryEscape(c),
			base64.StdEncoding.EncodeToString([]byte(c)), c, base64.StdEncoding.EncodeToString([]byte("user:"+c)), quoted)
	}
	fmt.Fprintf(&said, " in organization %s, project %s, at https://%s:8443/v1 dial tcp %s:443", leakOrg, leakProject, leakHost, leakAddress)
	l.says = said.String()
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

func (l *leaky) set(status int, inside string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status, l.inside = status, inside
}

// ServeHTTP echoes what it got, besides: the relay's key must not be in it.
func (l *leaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.asked.Add(1)
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	status, inside := l.status, l.inside
	l.mu.Unlock()
	message := l.says + fmt.Sprintf(" got %s %s %v", r.Method, r.URL, r.Header)
	h := w.Header()
	for name, value := range map[string]string{
		"anthropic-organization-id": leakOrgID, "openai-organization": leakOrg, "openai-project": leakProject, "location": "https://" + leakHost + "/?key=" + l.says[:40],
		"www-authenticate": "Bearer realm=https://" + leakHost, "x-request-id": leakOrg, "request-id": strings.Fields(l.says)[1], "openai-version": "at " + leakHost,
		"retry-after-ms": leakAddress, "x-amzn-requestid": leakNumber, "via": leakHost, "Trailer": "X-Leak",
	} {
		h.Set(name, strings.Map(func(c rune) rune { return max(c, ' ') }, value))
	}
	h["X-Leak"] = []string{leakHost}
	stream := strings.Contains(r.URL.Path, "stream") || bytes.Contains(body, []byte(`"stream":true`))
	if strings.Contains(r.URL.Path, "token") || strings.Contains(r.URL.Path, "authenticate") {
		h.Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_grant", "error_description": message})
		return
	}
	if inside == "" {
		h.Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(leakError(r.URL.Path, status, message))
		return
	}
	if !stream {
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(leakError(r.URL.Path, 500, message))
		return
	}
	l.stream(w, r, inside, message)
}

// leakError is an error in the words of whoever serves a path.
func leakError(path string, status int, message string) []byte {
	doc := map[string]any{}
	inner := map[string]any{"message": message, "organization": leakOrg, "metadata": map[string]any{"consumer": "projects/" + leakNumber}}
	switch {
	case strings.Contains(path, "enerateContent"), strings.Contains(path, "countTokens"):
		inner["code"], inner["status"] = status, "FAILED_PRECONDITION"
		inner["details"] = []any{map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "X", "metadata": map[string]any{"consumer": "projects/" + leakNumber}}}
		doc["error"] = inner
	case strings.Contains(path, "/model/"):
		doc["message"], doc["__type"] = message, "ValidationException"
	case strings.Contains(path, "/messages"):
		inner["type"] = "invalid_request_error"
		doc["type"], doc["error"] = "error", inner
	default:
		inner["type"], inner["code"] = "invalid_request_error", "invalid_value"
		doc["error"] = inner
	}
	b, _ := json.Marshal(doc)
	return b
}

// stream is an answer that has begun well, or not, and then fails.
func (l *leaky) stream(w http.ResponseWriter, r *http.Request, inside, message string) {
	failure := string(leakError(r.URL.Path, 429, message))
	var content string
	switch path := r.URL.Path; {
	case strings.Contains(path, "/model/"):
		l.frames(w, inside, message)
		return
	case strings.Contains(path, "enerateContent"):
		content, failure = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hello\"}]}}]}\r\n\r\n", "data: "+failure+"\r\n\r\n"
		if strings.Contains(path, "v1internal") {
			content = strings.Replace(strings.Replace(content, "data: ", `data: {"response":`, 1), "]}\r", "]}}\r", 1)
		}
	case strings.Contains(path, "/messages"):
		content = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"model\":\"x\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n" +
			"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hello\"}}\n\n"
		failure = "event: error\ndata: " + failure + "\n\n"
	case strings.Contains(path, "/responses"):
		content = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\nevent: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"hello\"}\n\n"
		failure = "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"id\":\"r\",\"status\":\"failed\"," + failure[1:len(failure)-1] + "}}\n\n"
	default:
		content = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"}}]}\n\n"
		failure = "data: " + failure + "\n\n"
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if inside == "first" {
		content = ""
	}
	for _, piece := range []string{content, failure[:len(failure)/3], failure[len(failure)/3:]} {
		_, _ = io.WriteString(w, piece)
		w.(http.Flusher).Flush()
	}
}

func (l *leaky) frames(w http.ResponseWriter, inside, message string) {
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	frame := func(payload string, headers ...string) {
		m := eventstream.Message{Payload: []byte(payload)}
		for i := 0; i < len(headers); i += 2 {
			m.Headers.Set(headers[i], eventstream.StringValue(headers[i+1]))
		}
		_ = eventstream.NewEncoder().Encode(w, m)
		w.(http.Flusher).Flush()
	}
	if inside != "first" {
		for _, data := range []string{`{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"x","usage":{"input_tokens":1,"output_tokens":1}}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}`} {
			frame(fmt.Sprintf(`{"bytes":%q}`, base64.StdEncoding.EncodeToString([]byte(data))), ":event-type", "chunk", ":content-type", "application/json", ":message-type", "event")
		}
	}
	text, _ := json.Marshal(map[string]string{"message": message})
	frame(string(text), ":exception-type", "validationException", ":content-type", "application/json", ":message-type", "exception")
}

// spelled are the ways in which a secret is looked for.
func spelled(secret string) []string {
	return []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawStdEncoding.EncodeToString([]byte(secret)),
		base64.RawURLEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte("user:" + secret)), strings.ReplaceAll(secret, "/", `\/`),
	}
}

// leaks gives the secrets that are in a text, in any spelling.
func leaks(text string, secrets []string) (found []string) {
	for _, secret := range secrets {
		for _, form := range spelled(secret) {
			if strings.Contains(text, form) {
				found = append(found, form)
				break
			}
		}
	}
	return found
}

// TestNothingOfTheOperatorsLeaks has an upstream of every platform say in its errors what it should not, in every way in which it
// can give one, to clients of every protocol: nothing of it is in an answer or the log, and no credential in a record.
func TestNothingOfTheOperatorsLeaks(t *testing.T) {
	t.Parallel()
	statuses, routes := []int{400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 503, 529, 301, 302, 600, 999}, leakRoutes()
	if testing.Short() { // each is asked alike
		statuses, routes = []int{400, 500}, nil
	}
	accounts := leakAccounts()
	for _, platform := range leakPlatforms(t, crstest.Start(t)) {
		acc, ok := accounts[platform]
		if !ok {
			t.Errorf("there is no account of platform %s to try: every platform holds to this", platform)
			continue
		}
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			up := newLeaky(t, acc.credentials)
			b := crstest.Start(t, crstest.Config(func(c *config.Config) {
				c.Providers = crstest.Simulated(up.URL)
				c.Retry.Backoff = time.Millisecond // providers in trouble are asked again, and are still in trouble
			}))
			acc.add(b, up.URL, func(a *ctl.NewAccount) {
				a.AnyClient, a.Map = true, map[string]string{"leak-model": cmp.Or(acc.model, "leak-upstream")}
			})
			key := b.Key("k")
			secrets := append(append(secretsOfAll(), acc.credentials...), key, strings.TrimPrefix(up.URL, "http://"))
			native := askers()[platform]
			native.named("leak-model")
			try := func(what string, k asker, stream bool) {
				if _, err := b.ThawAccount(t.Context(), leakName); err != nil {
					t.Fatal(err)
				}
				got := k.ask(t, b, key, stream)
				if found := leaks(fmt.Sprint(got.Status, got.Header, got.Body), secrets); len(found) > 0 {
					t.Errorf("%s at %s, streamed %v: the client gets %q in\n%d %v %.300s", what, k.path, stream, found, got.Status, got.Header, got.Body)
				}
			}
			for _, stream := range []bool{false, true} {
				for _, status := range statuses {
					up.set(status, "")
					before := up.asked.Load()
					try(fmt.Sprint("a ", status), native, stream)
					if up.asked.Load() == before {
						t.Fatalf("%d: nobody was asked: %+v", status, b.Last())
					}
				}
				for _, inside := range []string{"first", "behind content"} {
					up.set(200, inside)
					try("an error "+inside, native, stream)
				}
				for _, k := range routes {
					for _, status := range []int{400, 500} {
						up.set(status, "")
						try(fmt.Sprint("a ", status), k, stream)
					}
					for _, inside := range []string{"first", "behind content"} {
						up.set(200, inside)
						try("an error "+inside, k, stream)
					}
				}
			}
			b.Idle()
			for _, line := range b.Log.Lines() {
				// Where the operator has the platform is in it, and whereto somebody redirected the relay.
				if found := leaks(line, secrets[:len(secrets)-1]); len(found) > 0 && !strings.Contains(line, "a redirect to") {
					t.Errorf("the log has %q in %s", found, strings.ReplaceAll(line, "level=", ""))
					break
				}
			}
			shown, _ := b.Client.Account(t.Context(), leakName)
			if found := leaks(fmt.Sprintf("%+v %+v", b.Newest(5000), shown), append(slices.Clone(acc.credentials), key)); len(found) > 0 && !onlyOptions(found, shown) {
				t.Errorf("the records have %q", found)
			}
		})
	}
}

// onlyOptions reports whether what was found are options that the account itself is shown with, such as its workspace's id.
func onlyOptions(found []string, shown ctl.Account) bool {
	for _, f := range found {
		if !strings.Contains(fmt.Sprint(shown.Options), f) {
			return false
		}
	}
	return true
}

// TestNothingOfTheWayToAProviderLeaks when it cannot be gone: proxies and resolvers that fail, and refused connections, for every
// platform.
func TestNothingOfTheWayToAProviderLeaks(t *testing.T) {
	t.Parallel()
	nobody := freeport.For(t)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
	t.Cleanup(proxy.Close)
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	socks := proxytest.RefusingSocks(t)
	const password = "hunter2-Q7wmZr4T"
	for name, c := range map[string]struct{ base, proxy string }{
		"nobody listens":             {"http://" + nobody, ""},
		"a name that nobody knows":   {"http://" + leakHost + ".invalid:8443", ""},
		"an unknown certificate":     {secure.URL, ""},
		"a proxy that is not there":  {"http://" + leakHost, "http://relay:" + password + "@" + nobody},
		"a proxy's wrong password":   {"http://" + leakHost, "http://relay:" + password + "@" + strings.TrimPrefix(proxy.URL, "http://")},
		"a SOCKS's wrong password":   {"http://" + leakHost, "socks5://relay:" + password + "@" + socks},
		"a proxy that nobody knows":  {"http://" + leakHost, "http://relay:" + password + "@squid." + leakHost + ".invalid:3128"},
		"a proxy that speaks no TLS": {"http://" + leakHost, "https://relay:" + password + "@" + strings.TrimPrefix(proxy.URL, "http://")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t, crstest.Config(func(cfg *config.Config) { cfg.Providers = crstest.Simulated(c.base) }))
			key := b.Key("k")
			for platform, acc := range leakAccounts() {
				acc.add(b, c.base, func(a *ctl.NewAccount) {
					a.Proxy, a.Map = c.proxy, map[string]string{"leak-model": cmp.Or(acc.model, "leak-upstream")}
				})
				for _, stream := range []bool{false, true} {
					k := askers()[platform]
					k.named("leak-model")
					got := k.ask(t, b, key, stream)
					if got.Status != 502 || !k.shaped(got.Body) || !strings.Contains(got.Body, "the provider could not be reached") {
						t.Errorf("%s: %d %s", platform, got.Status, got.Body)
					}
					for _, part := range []string{"127.0.0.1", "invalid\"", leakHost, "lookup", "dial", "x509", "socks", "SOCKS", "proxy", "connect:", "refused", leakName} {
						if text := withoutIDs(fmt.Sprint(got.Header) + got.Body); strings.Contains(text, part) {
							t.Errorf("%s: the client is told %q: %s", platform, part, text)
						}
					}
				}
				if err := b.RemoveAccount(t.Context(), leakName); err != nil {
					t.Fatal(err)
				}
			}
			b.Idle()
			records := fmt.Sprintf("%+v", b.Newest(100))
			for _, text := range []string{b.Log.String(), records} {
				if found := leaks(text, []string{password, key}); len(found) > 0 {
					t.Errorf("%q is in the log or the records", found)
				}
			}
			if !strings.Contains(records, "connect: ") {
				t.Errorf("the operator is not told why: %s", records)
			}
		})
	}
}

// withoutIDs takes out the ids of requests, which are made of anything, such as x509.
func withoutIDs(text string) string {
	return regexp.MustCompile(`req_[0-9a-z]+`).ReplaceAllString(text, "req_")
}

// TestACredentialThatIsNoneIsRefusedBySocket, for every platform that takes keys, and it is not repeated.
func TestACredentialThatIsNoneIsRefusedBySocket(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	for _, platform := range []string{"claude-console", "openai-responses", "azure-openai", "gemini-api", "bedrock"} {
		for _, bad := range []string{"sk-hush\r\nX-Evil: 1", "sk-hush\nx", "sk hush", "\ufeffsk-hush", "sk-hush\x00", "sk-hüsh", strings.Repeat("h", 20<<10)} {
			_, err := b.AddAccount(t.Context(), ctl.NewAccount{
				Platform: platform, Name: "a", APIKey: bad, BaseURL: "https://h.example", Options: map[string]string{"region": "us-east-1", "auth": "bearer"},
			})
			var e *ctl.Error
			if !errors.As(err, &e) || e.Code != ctl.BadRequest || strings.Contains(e.Message+e.Hint, "hush") {
				t.Errorf("%s: %.40q: %v", platform, bad, err)
			}
		}
	}
	a := b.Account("a", func(a *ctl.NewAccount) { a.APIKey = " sk-ant-a\n" })
	bad := "sk-ant-b\r\nX-Evil: 1"
	if _, err := b.EditAccount(t.Context(), a.Name, ctl.AccountEdit{APIKey: &bad}); err == nil {
		t.Error("an account was given such a credential later")
	}
	if got := b.Post(b.Key("k"), crstest.Hello); got.Status != 200 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}
