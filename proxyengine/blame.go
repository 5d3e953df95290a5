package proxyengine

import (
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// large is how many tokens make a request that may meet a limit by the minute all by itself.
const large = 50_000

// limitBlame narrows what a provider made of an error, so that an account is held liable for what is its own: what a request asks for
// and how large it is, is up to whoever sends it, and so are words that stand in a page or a file that it refers to.
func (x *exchange) limitBlame(v *provider.Verdict, want *provider.Intent, acc *account.Account, r *provider.Reply) {
	o := &v.Outcome
	refused := v.Next != provider.Deliver && (o.Result == account.Denied || o.Result == account.Failed && v.Status/100 == 4)
	switch {
	case refused && (names(v.Message, want.Model) || names(v.Message, acc.Upstream(want.Model))):
		v.Outcome = account.Outcome{Result: account.Unsupported, Asked: true, Evidence: o.Evidence, Windows: o.Windows}
	case o.Result == account.Failed:
		o.Asked = true
	case o.Result == account.Blocked, o.Result == account.NeedsLogin:
		if !v.Stated && !x.tellsAll() {
			o.Result, o.Asked = account.Denied, true
		}
	case o.Result == account.Denied, o.Result == account.Exhausted && v.Status != http.StatusTooManyRequests:
		o.Asked = !v.Stated && !(certain(v.Message, r) && x.tellsAll()) && !x.credential(v)
	case o.Result == account.Throttled, o.Result == account.Exhausted:
		x.limited(v, want)
	}
	if !x.e.service(want.Service).Main {
		narrowToService(o, want)
	}
}

// credential reports whether a refusal is about the account's credential, as what a 401 says of a request that asks for nothing but
// text, unless it speaks of models. A 403 may be about the text: moderation and firewalls say it, in any words.
func (x *exchange) credential(v *provider.Verdict) bool {
	return v.Status == http.StatusUnauthorized && v.Outcome.Result == account.Denied && x.plain() && !x.unproven() &&
		!strings.Contains(strings.ToLower(v.Message), "model")
}

// limited is about a 429. A request may meet a limit all by itself, by its size, by that of what it refers to, or by how many answers
// it asks for: then it says nothing of other models, and little of the next minutes.
func (x *exchange) limited(v *provider.Verdict, want *provider.Intent) {
	o := &v.Outcome
	if v.Stated || slices.ContainsFunc(o.Windows, account.Window.Spent) || x.plain() && !tooLarge(v.Message, want) {
		return
	}
	o.Asked, o.Scope, o.Model = true, "", want.Model
}

// What providers say of a request and of a limit.
var (
	requested = regexp.MustCompile(`limit:? ([0-9,]+).*requested:? ([0-9,]+)`)
	perMinute = regexp.MustCompile(`([0-9][0-9,]*) (?:[a-z]+ ){0,2}tokens per`)
)

// tooLarge reports whether a request is beyond a limit all by itself, as a provider says or as its own size tells.
func tooLarge(message string, want *provider.Intent) bool {
	message = strings.ToLower(message)
	if strings.Contains(message, "request too large") {
		return true
	}
	if found := requested.FindStringSubmatch(message); found != nil {
		return figure(found[2]) > figure(found[1])
	}
	found := perMinute.FindStringSubmatch(message)
	return found != nil && max(want.PromptTokens, want.MaxTokens) > figure(found[1])/2
}

// figure reads a number with commas in it.
func figure(text string) int64 {
	n, err := strconv.ParseInt(strings.ReplaceAll(text, ",", ""), 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	return n
}

// certain reports whether an upstream says in words of its own that the credential itself, or the account behind it, is no good:
// that is no other for anybody's request.
func certain(message string, r *provider.Reply) bool {
	return slices.ContainsFunc([]string{
		"invalid x-api-key", "invalid bearer token", "oauth token has expired", "oauth token has been revoked", "credit balance is too low to access", // Anthropic
		"incorrect api key provided", "authentication token is expired", "authentication token has been invalidated", // OpenAI
		"invalid subscription key",                                  // Azure
		"api key not valid. please pass", "api key expired. please", // Google
		"security token included in the request is", "make sure your api key is valid", // AWS
		"invalid or missing authentication", // Factory
	}, func(words string) bool { return r.Says(message, words) })
}

// narrowToService narrows an outcome to a service beside the main ones. What is refused there may be refused for one model only.
func narrowToService(o *account.Outcome, want *provider.Intent) {
	switch o.Result {
	case account.NeedsLogin: // its login does not reach as far as this service
		o.Result, o.Asked = account.Denied, true
	case account.Denied, account.Exhausted, account.Throttled, account.Failed, account.Unsupported:
	default:
		return
	}
	o.Service = want.Service
	if o.Result == account.Denied || o.Result == account.Exhausted {
		o.Model = want.Model
	}
}

// names reports whether an upstream's message is about a model.
func names(message, model string) bool {
	const least = 3 // anything has a shorter one in it
	return len(model) >= least && strings.Contains(strings.ToLower(message), strings.ToLower(model))
}

// holds reports whether the client's request has a text in small letters in it, however it is written. When the request is not
// there any more, it may have.
func (x *exchange) holds(text string) bool {
	if x.in.Body == nil {
		return true
	}
	if within(x.in.Body, text) || within([]byte(x.in.Param), text) || within([]byte(x.in.Query), text) {
		return true
	}
	if plain, err := url.QueryUnescape(x.in.Query); err == nil && within([]byte(plain), text) {
		return true
	}
	if slices.ContainsFunc(x.in.Header, func(f provider.Field) bool { return within([]byte(f.Value), text) || newEcho(text).heard(f.Value) }) {
		return true
	}
	return newEcho(text).heardIn(gjson.ParseBytes(x.in.Body), deepestPlain)
}

// within reports whether JSON or other text has a word of small letters in it, in whatever case and however it is escaped. It
// copies nothing, for the text may be long.
func within(text []byte, word string) bool {
	for at := 0; at < len(text); {
		if begins(text[at:], word) {
			return true
		}
		_, size := character(text[at:])
		at += size
	}
	return false
}

func begins(text []byte, word string) bool {
	for i := range len(word) {
		if len(text) == 0 {
			return false
		}
		c, size := character(text)
		if c != word[i] {
			return false
		}
		text = text[size:]
	}
	return true
}

// character is the first character of a text, as a small letter if it is one of ASCII's, and how many bytes it is written in.
func character(text []byte) (c byte, size int) {
	c, size = text[0], 1
	if c == '\\' && len(text) > 5 && text[1] == 'u' {
		if n, err := strconv.ParseUint(string(text[2:6]), 16, 16); err == nil && n < 0x80 {
			c, size = byte(n), 6
		}
	}
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c, size
}
