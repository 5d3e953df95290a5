package daemon_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genai"

	"crs/ctl"
	"crs/lab/crstest"
)

const robot = "relay@p-1.iam.gserviceaccount.com"

// robotKey is a key that was made for these tests.
var robotKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// robotFile is the file of a service account.
func robotFile(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(robotKey())
	if err != nil {
		t.Fatal(err)
	}
	file, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "p-1", "private_key_id": "k1", "client_email": robot, "token_uri": "http://127.0.0.1:1/never",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// onVertex adds an account of a service account whose tokens live so long.
func onVertex(t *testing.T, b *crstest.Box, life time.Duration, change ...func(*ctl.NewAccount)) ctl.Account {
	t.Helper()
	b.Sim.AddService(robot, &robotKey().PublicKey, life)
	a := ctl.NewAccount{Platform: "vertex", Name: "cloud", File: robotFile(t)}
	for _, c := range change {
		c(&a)
	}
	added, err := b.AddAccount(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// tokens is how many access tokens the simulator has been asked for.
func tokens(b *crstest.Box) (n int) {
	for _, r := range b.Sim.Requests() {
		if r.Path == "/vertex/token" {
			n++
		}
	}
	return n
}

// TestVertexServesClaude in its own words and in OpenAI's, whole and as a stream. The simulator refuses what Vertex does.
func TestVertexServesClaude(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	if a := onVertex(t, b, time.Hour); a.Credential != "service-account" || a.Options["project"] != "p-1" || a.State != "ready" {
		t.Fatalf("%+v", a)
	}
	converse(t, b)
	tagged := strings.Replace(crstest.Hello, "{", `{"tags":{"team":"a"},`, 1)
	if a := b.Post(b.Secret("k"), tagged); a.Status != http.StatusOK {
		t.Errorf("with tags: %d %s", a.Status, a.Body)
	}
	if last := b.Last(); last.Platform != "vertex" || last.Cost == 0 || last.Unpriced {
		t.Errorf("%+v", last)
	}
	count := b.Request(t.Context(), b.Secret("k"), `{"model":"claude-opus-4-8","messages":[{"role":"user","content":"hi"}]}`)
	count.URL.Path = "/api/v1/messages/count_tokens"
	if a := b.Do(count); a.Status != http.StatusOK || !strings.Contains(a.Body, `"input_tokens":9662`) {
		t.Errorf("a count: %d %s", a.Status, a.Body)
	}
	for model, word := range map[string]string{"claude-opus-4-8": "claude", "gemini-2.5-pro": "gemini"} {
		chat := b.Request(t.Context(), b.Secret("k"), `{"model":"`+model+`","max_tokens":64,"messages":[{"role":"user","content":"say ping"}]}`)
		chat.URL.Path = "/openai/v1/chat/completions"
		if a := b.Do(chat); a.Status != http.StatusOK || !strings.Contains(a.Body, word) {
			t.Errorf("chat with %s: %d %s", model, a.Status, a.Body)
		}
	}
	if n := tokens(b); n != 1 {
		t.Errorf("%d tokens were asked for", n)
	}
}

// TestVertexServesGemini to Google's library, with a service account's key and with an API key.
func TestVertexServesGemini(t *testing.T) {
	t.Parallel()
	for name, add := range map[string]func(*crstest.Box){
		"a service account": func(b *crstest.Box) { onVertex(t, b, time.Hour) }, "an API key": func(b *crstest.Box) { b.AccountOn("vertex", "a") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			add(b)
			b.Script(thinks)
			c := geminiSDK(t, b, "v1beta")
			generate(t, b, c)
			if n, err := c.Models.CountTokens(t.Context(), pro, genai.Text("ping"), nil); err != nil || n.TotalTokens != 9024 {
				t.Errorf("a count: %+v, %v", n, err)
			}
		})
	}
}

// TestAnAPIKeyOfVertexOpensNoClaude, and explain says why.
func TestAnAPIKeyOfVertexOpensNoClaude(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.AccountOn("vertex", "studio")
	if a := b.Post(b.Key("k"), crstest.Hello); a.Status < 400 || len(b.Sim.Requests()) > 0 {
		t.Errorf("%d %s, and %d requests went upstream", a.Status, a.Body, len(b.Sim.Requests()))
	}
	e, err := b.ExplainWant(t.Context(), ctl.ExplainQuery{Key: "k", Model: "claude-opus-4-8"})
	if err != nil || len(e.Accounts) != 1 || e.Accounts[0].Eligible || !strings.Contains(e.Accounts[0].Detail, "an API key does not open it") {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestVertexTokensAreMadeAnew before they end, and when one was refused.
func TestVertexTokensAreMadeAnew(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	onVertex(t, b, time.Hour)
	key := b.Key("k")
	for i, ahead := range []time.Duration{0, time.Minute, 58 * time.Minute} {
		b.Clock.Advance(ahead)
		if a := b.Post(key, crstest.Stream); a.Status != http.StatusOK || a.Err != nil {
			t.Fatalf("request %d: %d %s %v", i, a.Status, a.Body, a.Err)
		}
	}
	if n := tokens(b); n != 2 {
		t.Errorf("%d tokens were asked for", n)
	}
}

// TestAServiceAccountThatIsGoneNeedsOtherCredentials, and another file mends it.
func TestAServiceAccountThatIsGoneNeedsOtherCredentials(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	onVertex(t, b, time.Hour, func(*ctl.NewAccount) { b.Sim.AddService(robot, nil, 0) }) // a token is asked for as soon as it is there
	key := b.Key("k")
	if a := b.Post(key, crstest.Hello); a.Status < 500 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	a, err := b.Client.Account(t.Context(), "cloud")
	if err != nil || a.State != "needs-login" || !strings.Contains(a.Why, "its service account was refused: invalid_grant") {
		t.Fatalf("%+v, %v", a, err)
	}
	said := false
	for _, c := range b.Idle().Conditions {
		said = said || strings.Contains(c.Hint, "crs account edit cloud --credentials-file FILE")
	}
	if !said || strings.Contains(b.Log.String(), "PRIVATE KEY") {
		t.Errorf("the hint was said: %v; or the log shows the key", said)
	}
	b.Sim.AddService(robot, &robotKey().PublicKey, time.Hour)
	file := string(robotFile(t))
	if _, err := b.EditAccount(t.Context(), "cloud", ctl.AccountEdit{File: &file}); err != nil {
		t.Fatal(err)
	}
	if a := b.Post(key, crstest.Hello); a.Status != http.StatusOK {
		t.Errorf("with another file: %d %s", a.Status, a.Body)
	}
}

// TestVertexIsNotReachedPastADeadProxy, neither for a token nor for an answer.
func TestVertexIsNotReachedPastADeadProxy(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := l.Addr().String()
	_ = l.Close()
	onVertex(t, b, time.Hour, func(a *ctl.NewAccount) { a.Proxy = "http://" + dead })
	if a := b.Post(b.Key("k"), crstest.Hello); a.Status < 500 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if n := len(b.Sim.Requests()); n > 0 {
		t.Errorf("%d requests went past the proxy", n)
	}
}
