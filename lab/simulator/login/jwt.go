package login

import (
	"encoding/base64"
	"fmt"
	"time"

	"crs/lab/simulator/provider"
)

// claims are what a token says.
type claims map[string]any

// jwt renders a token that anybody can read and nobody has signed.
func jwt(c claims) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(provider.JSON(c)) + "." + encode([]byte("simulated"))
}

const openAIIssuer = "https://auth.openai.com"

// openAIAuth is the claim that tells Codex which account it is.
func openAIAuth(o Owner) claims {
	return claims{
		"chatgpt_account_id": o.Account, "chatgpt_plan_type": o.Plan,
		"chatgpt_user_id": "user-" + o.Account, "user_id": "user-" + o.Account,
		"chatgpt_subscription_active_until": "2099-01-01T00:00:00+00:00",
		"organizations":                     []claims{{"id": o.Organization, "title": "Personal", "role": "owner", "is_default": true}},
	}
}

func mintOpenAI(to *Account, number int, until time.Time) string {
	return jwt(claims{
		"iss": openAIIssuer, "aud": []string{"https://api.openai.com/v1"}, "client_id": to.Client, "sub": "auth0|" + to.Owner.Account,
		"exp": until.Unix(), "jti": fmt.Sprintf("sim-%d", number), "scp": []string{"openid", "profile", "email", "offline_access"},
		"https://api.openai.com/auth":    openAIAuth(to.Owner),
		"https://api.openai.com/profile": claims{"email": to.Owner.Email, "email_verified": true},
	})
}

// openAIIdentity is the id token that comes with a pair.
func openAIIdentity(p Pair) string {
	o := p.To.Owner
	return jwt(claims{
		"iss": openAIIssuer, "aud": []string{p.To.Client}, "sub": "auth0|" + o.Account, "exp": p.until.Unix(),
		"email": o.Email, "email_verified": true, "https://api.openai.com/auth": openAIAuth(o),
	})
}

func mintWorkOS(to *Account, number int, until time.Time) string {
	return jwt(claims{
		"iss": "https://api.workos.com", "sub": to.Owner.Account, "sid": fmt.Sprintf("session_01SIM%d", number),
		"org_id": to.Owner.Organization, "role": "member", "exp": until.Unix(), "jti": fmt.Sprintf("sim-%d", number),
	})
}
