package simulator

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// vertexToken imitates oauth2.googleapis.com as far as service accounts get their tokens there.
type vertexToken struct {
	token endpoint

	mu       sync.Mutex // guards the fields below
	services map[string]service
	issued   map[string]issued
}

// service is a service account.
type service struct {
	key  *rsa.PublicKey
	life time.Duration // of its tokens
}

type issued struct {
	email string
	until time.Time
}

func newVertexToken() *vertexToken {
	v := &vertexToken{services: map[string]service{}, issued: map[string]issued{}}
	v.token = endpoint{admit: everybody, answer: v.answerToken}
	return v
}

// AddService makes a service account known, whose tokens live so long. A nil key takes it away.
func (s *Server) AddService(email string, key *rsa.PublicKey, life time.Duration) {
	for _, p := range s.providers {
		if v, ok := p.(*vertexToken); ok {
			v.mu.Lock()
			v.services[email] = service{key, life}
			v.mu.Unlock()
		}
	}
}

func (v *vertexToken) find(method, path []byte) *endpoint {
	if string(path) != "/vertex/token" {
		return nil
	}
	return on(method, "POST", &v.token)
}

func (v *vertexToken) answerToken(c *call, _ *step) reply {
	form, err := url.ParseQuery(string(c.body))
	if err != nil || form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		return v.refusal(c, *noGrant(400, "unsupported_grant_type", "Invalid grant_type"))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	email, why := v.holder(form.Get("assertion"), c.at)
	if why != "" {
		return v.refusal(c, *noGrant(400, "invalid_grant", why))
	}
	life := v.services[email].life
	access := fmt.Sprintf("ya29.c.%s-%d", email, len(v.issued)+1)
	v.issued[access], c.account = issued{email, c.at.Add(life)}, email
	return secretly(c, claims{"access_token": access, "token_type": "Bearer", "expires_in": int64(life.Seconds())})
}

// holder is whose an assertion is. It checks all that Google does.
func (v *vertexToken) holder(assertion string, now time.Time) (email, why string) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return "", "Bad Request"
	}
	var head struct{ Alg, Typ string }
	var said struct {
		Iss, Scope, Aud string
		Iat, Exp        int64
	}
	if !decodePart(parts[0], &head) || !decodePart(parts[1], &said) || head.Alg != "RS256" {
		return "", "Invalid JWT"
	}
	signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	of := v.services[said.Iss]
	switch {
	case of.key == nil:
		return "", "Invalid grant: account not found"
	case rsa.VerifyPKCS1v15(of.key, crypto.SHA256, sum[:], signature) != nil:
		return "", "Invalid JWT Signature."
	case said.Scope != "https://www.googleapis.com/auth/cloud-platform":
		return "", "Invalid scope"
	case !strings.HasSuffix(said.Aud, "/vertex/token"):
		return "", "Invalid audience"
	case said.Iat > now.Add(time.Minute).Unix(), said.Exp <= now.Unix(), said.Exp > said.Iat+int64(time.Hour.Seconds()):
		return "", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
	}
	return said.Iss, ""
}

func decodePart(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}

// identify finds out who calls.
func (v *vertexToken) identify(c *call) *failure {
	c.credential = string(c.bearer())
	v.mu.Lock()
	is, known := v.issued[c.credential]
	v.mu.Unlock()
	c.account = is.email
	if !known || !c.at.Before(is.until) {
		return googleFailure(401, "UNAUTHENTICATED", "Request had invalid authentication credentials. Expected OAuth 2 access token.")
	}
	return nil
}

func (v *vertexToken) failure(c *call, st *step) failure { return oauthFailure(c, st) }

func (v *vertexToken) refusal(c *call, f failure) reply { return plainRefusal(c, f) }

func (v *vertexToken) errorEvent(*call, string) []byte { return nil } // nothing here is a stream

// vertexAction takes /v1/projects/P/locations/L/publishers/OF/models/MODEL:ACTION apart, and the same without a project.
func vertexAction(path []byte, of string) (model, action []byte, whole bool) {
	before, rest, found := bytes.Cut(path, []byte("publishers/"+of+"/models/"))
	colon := bytes.LastIndexByte(rest, ':')
	if !found || colon <= 0 || bytes.IndexByte(rest, '/') >= 0 {
		return nil, nil, false
	}
	parts := strings.Split(string(before), "/")
	whole = len(parts) == 7 && parts[1] == "v1" && parts[2] == "projects" && parts[3] != "" && parts[4] == "locations" && parts[5] != ""
	if !whole && string(before) != "/v1/" {
		return nil, nil, false
	}
	return rest[:colon], rest[colon+1:], whole
}

// vertexClaude imitates LOCATION-aiplatform.googleapis.com as far as it serves Anthropic's models.
type vertexClaude struct {
	*anthropic
	tokens        *vertexToken
	invoke, count endpoint
}

func newVertexClaude(v *vertexToken, a *anthropic) *vertexClaude {
	x := &vertexClaude{anthropic: a, tokens: v}
	x.invoke = endpoint{inference: true, admit: x.admit, answer: x.answer}
	x.count = endpoint{admit: x.admit, answer: x.answerCounted}
	return x
}

func (x *vertexClaude) find(method, path []byte) *endpoint {
	model, action, whole := vertexAction(path, "anthropic")
	switch {
	case !whole:
		return nil
	case string(model) == "count-tokens" && string(action) == "rawPredict":
		return on(method, "POST", &x.count)
	case string(action) == "rawPredict", string(action) == "streamRawPredict":
		return on(method, "POST", &x.invoke)
	}
	return nil
}

// vertexMembers are those of a request; Vertex takes no other.
var vertexMembers = []string{
	"anthropic_version", "anthropic_beta", "max_tokens", "messages", "system", "temperature", "top_p", "top_k", "stop_sequences", "stream", "tools",
	"tool_choice", "thinking", "metadata", "output_config", "context_management",
}

func (x *vertexClaude) admit(c *call) *failure {
	if f := x.tokens.identify(c); f != nil {
		return f
	}
	b := anthropicBody{messages: -1}
	var members map[string]json.RawMessage
	if !b.read(c.body) || json.Unmarshal(c.body, &members) != nil {
		return invalidRequest("The request body is not valid JSON")
	}
	model, action, _ := vertexAction(c.path, "anthropic")
	counting := string(model) == "count-tokens"
	for name := range members {
		if !slices.Contains(vertexMembers, name) && (name != "model" || !counting) {
			return invalidRequest(name + ": Extra inputs are not permitted")
		}
	}
	for beta := range strings.SplitSeq(string(c.field("anthropic-beta")), ",") {
		if counting && beta != "" || strings.HasPrefix(beta, "context-1m-") || strings.HasPrefix(beta, "oauth-") {
			return invalidRequest("Unexpected value(s) `" + beta + "` for the `anthropic-beta` header.")
		}
	}
	switch {
	case string(members["anthropic_version"]) != `"vertex-2023-10-16"`:
		return invalidRequest("anthropic_version: Field required")
	case b.stream != (string(action) == "streamRawPredict") && !counting:
		return invalidRequest("stream: it does not go with the method")
	}
	if !counting {
		c.nameModel(model)
		b.model = c.prompt.model
	}
	c.prompt, c.prompt.text, c.prompt.ping = b.prompt, b.text, bytes.Contains(b.said, []byte("ping"))
	return b.check(!counting)
}

// answer is Anthropic's own, but for its id.
func (x *vertexClaude) answer(c *call, st *step) reply {
	m := newMessage(c, st, x.usage)
	m.prefix, m.model = "msg_vrtx_", []byte(strings.Replace(string(c.prompt.model), "@", "-", 1))
	r := reply{status: 200, content: jsonType, tokens: m.tokens}
	if c.prompt.stream {
		r.content, r.stream = eventsType, &m
		return r
	}
	r.body = c.keep(m.append(c.scratch))
	return r
}

func (x *vertexClaude) answerCounted(c *call, st *step) reply {
	b := strconv.AppendInt(append(c.scratch, `{"input_tokens":`...), st.tokens(x.usage).Prompt(), 10)
	return reply{status: 200, content: jsonType, body: c.keep(append(b, '}'))}
}

// refusal is Google's for what stands before the models.
func (x *vertexClaude) refusal(c *call, f failure) reply {
	if f.kind == "UNAUTHENTICATED" {
		return googleRefusal(c, f)
	}
	return x.anthropic.refusal(c, f)
}

// vertexGoogle is the same as far as it serves Google's own models.
type vertexGoogle struct {
	*gemini
	tokens                      *vertexToken
	generate, stream, countThem endpoint
}

func newVertexGoogle(v *vertexToken, g *gemini) *vertexGoogle {
	x := &vertexGoogle{gemini: g, tokens: v}
	x.generate = endpoint{inference: true, admit: x.admit, answer: g.answerWhole}
	x.stream = endpoint{inference: true, admit: x.admit, answer: g.answerStream}
	x.countThem = endpoint{admit: x.admit, answer: g.answerCount}
	return x
}

func (x *vertexGoogle) find(method, path []byte) *endpoint {
	_, action, _ := vertexAction(path, "google")
	switch string(action) {
	case "generateContent":
		return on(method, "POST", &x.generate)
	case "streamGenerateContent":
		return on(method, "POST", &x.stream)
	case "countTokens":
		return on(method, "POST", &x.countThem)
	}
	return nil
}

// admit takes a token, or an API key.
func (x *vertexGoogle) admit(c *call) *failure {
	identify := x.tokens.identify
	if c.field("x-goog-api-key") != nil {
		identify = x.identify
	}
	if f := identify(c); f != nil {
		return f
	}
	model, _, _ := vertexAction(c.path, "google")
	c.nameModel(model)
	b := geminiBody{contents: -1}
	r := reader{b: c.body}
	var members map[string]json.RawMessage
	if !r.document(func(key []byte) { b.member(&r, key) }) || json.Unmarshal(c.body, &members) != nil {
		return unreadableJSON()
	}
	for _, other := range []string{"model", "tags", "generateContentRequest"} {
		if members[other] != nil {
			return badArgument(`Invalid JSON payload received. Unknown name "` + other + `": Cannot find field.`)
		}
	}
	b.keep(c)
	return b.check("GenerateContentRequest")
}
