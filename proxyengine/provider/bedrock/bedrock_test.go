package bedrock_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/lab/providertest"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/bedrock"
)

var (
	_ provider.Provider = (*bedrock.Provider)(nil)
	_ provider.Checker  = (*bedrock.Provider)(nil)
	_ provider.Tester   = (*bedrock.Provider)(nil)
)

var now = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

func newProvider(t testing.TB) *bedrock.Provider {
	t.Helper()
	p, err := bedrock.New(bedrock.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// newAccount has a bearer key in us-east-1; options come in pairs.
func newAccount(options ...string) *account.Account {
	return withKey("ABSKexample", options...)
}

func withKey(key string, options ...string) *account.Account {
	a := &account.Account{
		Name: "b", Platform: bedrock.Platform, Options: map[string]string{"region": "us-east-1"},
		Credential: account.Credential{Kind: account.APIKey, Secret: secret.New(key)},
	}
	for i := 0; i < len(options); i += 2 {
		a.Options[options[i]] = options[i+1]
	}
	return a
}

// prepare makes the upstream request for a body in which the model stands.
func prepare(t testing.TB, acc *account.Account, service, body string, header ...provider.Field) (*provider.Outbound, error) {
	t.Helper()
	in := &provider.Inbound{Method: "POST", Query: "beta=true", Header: header, Body: []byte(body)}
	want, err := anthropic.Protocol{}.Inspect(service, in)
	if err != nil {
		t.Fatal(err)
	}
	return newProvider(t).Prepare(in, &want, acc)
}

func TestASessionTokenIsSentAndSigned(t *testing.T) {
	t.Parallel()
	out, err := prepare(t, withKey("AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY:to/ken=="), anthropic.Messages,
		`{"model":"claude-sonnet-4-5","max_tokens":16,"stream":true,"messages":[]}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.Header.Get("x-amz-security-token"); got != "to/ken==" {
		t.Errorf("token %q", got)
	}
	if got := out.Header.Get("authorization"); !strings.Contains(got, "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amzn-bedrock-accept,") {
		t.Errorf("%s", got)
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	const profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
	for _, c := range []struct{ region, geo, to, asked, want string }{
		{asked: "claude-opus-4-6", want: "us.anthropic.claude-opus-4-6-v1"},
		{asked: "claude-opus-4-5-20251101[1m]", want: "us.anthropic.claude-opus-4-5-20251101-v1:0"},
		{asked: "claude-opus-4", want: "us.anthropic.claude-opus-4-1-20250805-v1:0"},
		{asked: "claude-3-5-sonnet-20241022", region: "ap-south-1", want: "apac.anthropic.claude-3-5-sonnet-20241022-v2:0"},
		{asked: "claude-sonnet-4-5", region: "ap-northeast-1", want: "jp.anthropic.claude-sonnet-4-5-20250929-v1:0"},
		{asked: "claude-sonnet-4-20250514", region: "ap-northeast-1", want: "apac.anthropic.claude-sonnet-4-20250514-v1:0"},
		{asked: "claude-sonnet-4-6", region: "ap-southeast-2", want: "au.anthropic.claude-sonnet-4-6"},
		{asked: "claude-sonnet-4-5", region: "us-gov-west-1", want: "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0"},
		{asked: "claude-sonnet-4-6", region: "sa-east-1", want: "global.anthropic.claude-sonnet-4-6"},
		{asked: "claude-fable-5", region: "eu-west-1", want: "eu.anthropic.claude-fable-5"}, // Bedrock refuses it; the EU is not left unasked
		{asked: "claude-fable-5", region: "eu-west-1", geo: "global", want: "global.anthropic.claude-fable-5"},
		{asked: "claude-haiku-4-5", geo: "none", want: "anthropic.claude-haiku-4-5-20251001-v1:0"},
		{asked: "claude-haiku-5-5", want: "us.anthropic.claude-haiku-5-5"},
		{asked: "claude-opus-9-20280101", want: "us.anthropic.claude-opus-9-20280101-v1:0"},
		{asked: "anthropic.claude-3-haiku-20240307-v1:0", want: "anthropic.claude-3-haiku-20240307-v1:0"},
		{asked: "global.anthropic.claude-sonnet-4-6", want: "global.anthropic.claude-sonnet-4-6"},
		{asked: "claude-opus-4-8", to: profile, want: profile},
		{asked: "claude-opus-4-8[1m]", to: "claude-sonnet-4-6", want: "us.anthropic.claude-sonnet-4-6"},
		{asked: "gpt-5", to: "claude-sonnet-4-6", want: "us.anthropic.claude-sonnet-4-6"},
		{asked: "some-model", to: "claude-opus-4-8[1m]", want: "us.anthropic.claude-opus-4-8"},
		{asked: "some-model", want: "some-model"},
	} {
		acc := newAccount()
		if c.region != "" {
			acc.Options["region"] = c.region
		}
		acc.Options["geo"] = c.geo
		if c.to != "" {
			acc.Map = map[string]string{strings.TrimSuffix(c.asked, "[1m]"): c.to}
		}
		out, err := prepare(t, acc, anthropic.Messages, fmt.Sprintf(`{"model":%q,"max_tokens":1,"messages":[]}`, c.asked))
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		escaped := strings.NewReplacer(":", "%3A", "/", "%2F").Replace(c.want)
		if want := "/model/" + escaped + "/invoke"; out.Target != want {
			t.Errorf("%+v: %s, want %s", c, out.Target, want)
		}
	}
}

func TestTokensAreCountedByModelNotByProfile(t *testing.T) {
	t.Parallel()
	const counted = "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens"
	for _, to := range []string{
		"", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc",
		"arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
	} {
		acc := newAccount()
		if to != "" {
			acc.Map = map[string]string{"claude-sonnet-4-5": to}
		}
		out, err := prepare(t, acc, anthropic.CountTokens, `{"model":"claude-sonnet-4-5","messages":[]}`)
		if err != nil || out.Target != counted {
			t.Errorf("%q: %s (%v)", to, out.Target, err)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	const id, key = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	for name, c := range map[string]struct {
		acc  *account.Account
		says string // "" for no error
	}{
		"a bearer key":             {newAccount(), ""},
		"a short-lived bearer key": {withKey("bedrock-api-key-YmVkcm9jaw=="), ""},
		"another bearer token":     {withKey("my-gateways-token", "auth", "bearer"), ""},
		"a pair":                   {withKey(id + ":" + key + "\n"), ""},
		"three":                    {withKey(id+":"+key+":FwoGZXIvYXdzE==", "auth", "sigv4"), ""},
		"a file":                   {withKey("[default]\r\n# mine\r\naws_access_key_id = " + id + "\r\naws_secret_access_key=" + key + "\r\nregion = us-east-1\r\n"), ""},
		"a shell's lines":          {withKey("export AWS_ACCESS_KEY_ID=" + id + "\nexport AWS_SECRET_ACCESS_KEY=\"" + key + "\"\nexport AWS_SESSION_TOKEN='a=='\n"), ""},
		"two profiles":             {withKey("aws_access_key_id = " + id + "\naws_access_key_id = " + id), "aws_access_key_id twice"},
		"half a pair":              {withKey(id), "neither a Bedrock API key"},
		"half a file":              {withKey("aws_secret_access_key = " + key), "neither a Bedrock API key"},
		"an empty key":             {withKey("aws_access_key_id = \naws_secret_access_key = " + key), "neither a Bedrock API key"},
		"the other half":           {withKey(key), "neither a Bedrock API key"},
		"JSON":                     {withKey(`{"AccessKeyId":"` + id + `"}`), "neither a Bedrock API key"},
		"two words":                {withKey("ABSK one"), "neither a Bedrock API key"},
		"a bearer key, to sign":    {newAccount("auth", "sigv4"), "auth is sigv4"},
		"lines, as bearer":         {withKey("a\nb", "auth", "bearer"), "auth is bearer"},
		"an unknown auth":          {newAccount("auth", "basic"), "none of auto, bearer, sigv4"},
		"no region":                {newAccount("region", ""), "the region is missing"},
		"a host for a region":      {newAccount("region", "evil.example/x-1"), "is not the name of an AWS region"},
		"an unknown geo":           {newAccount("geo", "moon"), "none of us, eu"},
	} {
		err := p.Check(c.acc)
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v", name, err)
		case err != nil && (strings.Contains(err.Error(), id) || strings.Contains(err.Error(), key)):
			t.Errorf("%s: the error shows the secret: %v", name, err)
		}
	}
	wrong := newAccount()
	wrong.Credential.Kind = account.OAuth
	if p.Check(wrong) == nil {
		t.Error("an OAuth credential passed")
	}
}

func TestAKeyThatMakesNoSenseIsNotSentAndNotShown(t *testing.T) {
	t.Parallel()
	_, err := prepare(t, withKey("hush hush"), anthropic.Messages, `{"model":"claude-opus-4-6","max_tokens":1,"messages":[]}`)
	var f *provider.Fault
	if err == nil || errors.As(err, &f) || strings.Contains(err.Error(), "hush") {
		t.Errorf("%v", err)
	}
}

func TestAddressesAreChecked(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"ftp://x", "https://user:hush@x", "https://x/?region=REGION"} {
		if _, err := bedrock.New(bedrock.Options{APIURL: address}); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", address, err)
		}
	}
	p, err := bedrock.New(bedrock.Options{APIURL: "https://bedrock-runtime-fips.REGION.amazonaws.com"})
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := p.TestRequest(newAccount("region", "us-gov-west-1"), "")
	if err != nil || out.Endpoint.Addr != "bedrock-runtime-fips.us-gov-west-1.amazonaws.com:443" {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestATrialCostsNextToNothing(t *testing.T) {
	t.Parallel()
	out, asked, err := newProvider(t).TestRequest(newAccount(), "")
	const want = "POST https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke\n" +
		"content-type: application/json\naccept: application/json\nuser-agent: crs\naccept-encoding: identity\nauthorization: Bearer ABSKexample\n\n" +
		`{"anthropic_version":"bedrock-2023-05-31","max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}`
	if err != nil || asked != "us.anthropic.claude-haiku-4-5-20251001-v1:0" || providertest.Render(out) != want {
		t.Errorf("%s: %s (%v)", asked, providertest.Render(out), err)
	}
}

func TestThePlatform(t *testing.T) {
	t.Parallel()
	facts := newProvider(t).Platforms()[bedrock.Platform]
	acc := newAccount()
	for _, c := range []struct {
		service, model string
		serves         bool
	}{
		{anthropic.Messages, "claude-opus-4-8", true}, {anthropic.CountTokens, "claude-opus-4-8", true}, {anthropic.Messages, "gpt-5", false},
		{"openai/chat", "claude-opus-4-8", true}, {"openai/chat", "gpt-5", false}, {"openai/chat@claude", "gpt-5", true}, {"openai/completions", "claude-x", true},
	} {
		if got := facts.Serves(acc, c.service, c.model); got != c.serves {
			t.Errorf("%s %s: %v", c.service, c.model, got)
		}
	}
	if facts.Permission != "claude" || facts.Catalog != "anthropic" {
		t.Errorf("%+v", facts)
	}
}

func BenchmarkPrepare(b *testing.B) {
	text := strings.Repeat("a line of code with \"quotes\" in it\\n", 2000)
	tools := strings.Repeat(`{"name":"t","description":"does it","input_schema":{"type":"object","properties":{"x":{"type":"string"}}}},`, 400)
	body := fmt.Sprintf(`{"model":"claude-opus-4-8","max_tokens":64,"stream":true,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","scope":"global"}}],`+
		`"tools":[%s{"name":"z"}],"messages":[{"role":"user","content":[{"type":"text","text":%q}]},{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}]}`, tools, text)
	p, acc := newProvider(b), newAccount()
	in := &provider.Inbound{Body: []byte(body)}
	want := &provider.Intent{Service: anthropic.Messages, Model: "claude-opus-4-8", Stream: true}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Prepare(in, want, acc); err != nil {
			b.Fatal(err)
		}
	}
}
