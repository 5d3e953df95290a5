package simulator_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"crs/lab/simulator"
)

const (
	robot       = "relay@p.iam.gserviceaccount.com"
	vertexScope = "https://www.googleapis.com/auth/cloud-platform"
	vertexAud   = "https://oauth2.example.com/vertex/token"
	vertexPlace = "POST /v1/projects/p/locations/us-east5/publishers/"
	robotToken  = "\nAuthorization: Bearer ya29.c." + robot + "-1"
	formed      = "\nContent-Type: application/x-www-form-urlencoded"
)

// assertion is a request for a token, signed with a key: from is when it counts, life how long.
func assertion(key *rsa.PrivateKey, head, who, scope, aud string, from time.Time, life time.Duration) string {
	encode := base64.RawURLEncoding.EncodeToString
	said := fmt.Sprintf(`{"iss":%q,"scope":%q,"aud":%q,"iat":%d,"exp":%d}`, who, scope, aud, from.Unix(), from.Add(life).Unix())
	text := encode([]byte(head)) + "." + encode([]byte(said))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {text + "." + encode(signature)}}
	return "POST /vertex/token" + formed + "\n\n" + form.Encode()
}

// vertexTokens are requests for tokens; the first one is good.
func vertexTokens(key, other *rsa.PrivateKey) []string {
	const head = `{"alg":"RS256","typ":"JWT"}`
	now := time.Date(2026, 11, 30, 12, 34, 56, 0, time.UTC)
	return append([]string{
		assertion(key, head, robot, vertexScope, vertexAud, now, time.Hour),
		assertion(other, head, robot, vertexScope, vertexAud, now, time.Hour),
		assertion(key, `{"alg":"none"}`, robot, vertexScope, vertexAud, now, time.Hour),
		assertion(key, head, "nobody", vertexScope, vertexAud, now, time.Hour),
		assertion(key, head, robot, "openid", vertexAud, now, time.Hour),
		assertion(key, head, robot, vertexScope, "https://x/token", now, time.Hour),
		assertion(key, head, robot, vertexScope, vertexAud, now, 2*time.Hour),
		assertion(key, head, robot, vertexScope, vertexAud, now.Add(-time.Hour), time.Hour),
		assertion(key, head, robot, vertexScope, vertexAud, now.Add(time.Hour), time.Hour),
		"GET /vertex/token\n",
	}, in("POST /vertex/token"+formed, "", "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b", "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b.c", "%zz")...)
}

func vertexConversations() []recorded {
	key, other := mustKey(), mustKey()
	known := func(s *simulator.Server) { s.AddService(robot, &key.PublicKey, time.Hour) }
	ends := func(s *simulator.Server) { s.AddService(robot, &key.PublicKey, 0) }
	gone := func(s *simulator.Server) { known(s); s.AddService(robot, nil, 0) }
	token := vertexTokens(key, other)[:1]
	const tools, broken = "loop:ok(thinking,tool)", "error,error(overloaded_error,after=1),error(strange),429,429(5h),529,401,503"
	const claude, says = vertexPlace + "anthropic/models/claude-sonnet-4-5@20250929:", `{"anthropic_version":"vertex-2023-10-16","max_tokens":9,"messages":[{"role":"user","content":"hi"}]`
	const gemini, asks = vertexPlace + "google/models/gemini-2.5-pro:", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]`
	const count = vertexPlace + "anthropic/models/count-tokens:rawPredict" + robotToken
	claudeErrors := slices.Repeat(in(claude+"streamRawPredict"+robotToken, says+`,"stream":true}`), 1+strings.Count(broken, ","))
	geminiErrors := slices.Repeat(in(gemini+"streamGenerateContent"+robotToken, asks+"}"), 1+strings.Count(broken, ","))
	return []recorded{
		{name: "vertex tokens", prepare: known, requests: vertexTokens(key, other)},
		{name: "vertex tokens end", prepare: ends, requests: append(slices.Clone(token), claude+"rawPredict"+robotToken+"\n\n"+says+"}")},
		{name: "vertex service is gone", prepare: gone, requests: token},
		{name: "vertex claude", prepare: known, script: tools, requests: slices.Concat(token,
			in(claude+"rawPredict"+robotToken, says+"}", says+`,"stream":false,"output_config":{}}`), in(claude+"streamRawPredict"+robotToken, says+`,"stream":true}`),
			in(count, strings.Replace(says, "{", `{"model":"claude-sonnet-4-5@20250929",`, 1)+"}"))},
		{name: "vertex claude refuses", prepare: known, requests: slices.Concat(token,
			in(claude+"rawPredict"+robotToken, "{", "[]", "{}", says+`,"model":"m"}`, says+`,"tags":{}}`, says+`,"stream":true}`, `{"anthropic_version":"x"}`, `{"anthropic_version":"vertex-2023-10-16"}`, `{"anthropic_version":"vertex-2023-10-16","max_tokens":9,"messages":7}`),
			in(claude+"streamRawPredict"+robotToken, says+"}"), in(claude+"rawPredict"+robotToken+"\nanthropic-beta: context-1m-2025-08-07", says+"}"), in(claude+"rawPredict"+robotToken+"\nanthropic-beta: a,oauth-2025-04-20", says+"}"),
			in(count, says+"}", says+`,"tags":{}}`, says+`,"model":"m","metadata":{}}`, `{"model":"m"}`), in(count+"\nanthropic-beta: a", says+`,"model":"m"}`),
			[]string{
				claude + "rawPredict\n\n" + says + "}", claude + "rawPredict\nAuthorization: Bearer x\n\n" + says + "}", claude + "rawPredict\nx-goog-api-key: k\n\n" + says + "}", claude + "what" + robotToken + "\n\n{}",
				"POST /v1/publishers/anthropic/models/m:rawPredict" + robotToken + "\n\n{}", "POST /v1/projects//locations/l/publishers/anthropic/models/m:rawPredict" + robotToken + "\n\n{}",
			})},
		{name: "vertex claude errors", prepare: known, script: broken, requests: append(slices.Clone(token), claudeErrors...)},
		{name: "vertex gemini", prepare: known, script: tools, requests: slices.Concat(token,
			in(gemini+"generateContent"+robotToken, asks+"}"), in(gemini+"streamGenerateContent"+robotToken, asks+"}"), in(gemini+"streamGenerateContent?alt=sse"+robotToken, asks+"}"), in(gemini+"countTokens"+robotToken, asks+"}"),
			in("POST /v1/publishers/google/models/gemini-2.5-pro:generateContent\nx-goog-api-key: k", asks+"}"))},
		{name: "vertex gemini refuses", prepare: known, requests: slices.Concat(token,
			in(gemini+"generateContent"+robotToken, "{", "{}", asks+`,"model":"m"}`, asks+`,"tags":{}}`, `{"generateContentRequest":`+asks+"}}", `{"contents":7}`),
			[]string{
				gemini + "generateContent\n\n" + asks + "}", gemini + "streamGenerateContent\nAuthorization: Bearer x\n\n" + asks + "}", gemini + "generateContent\nx-goog-api-key: bad\n\n" + asks + "}",
				vertexPlace + "google/models/m/n:generateContent" + robotToken + "\n\n{}",
			})},
		{name: "vertex gemini errors", prepare: known, script: broken, requests: append(slices.Clone(token), geminiErrors...)},
	}
}

func mustKey() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}
