package gemini

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"crs/proxyengine/provider"
)

// problem is what an error says (protocols.md, D.4).
type problem struct {
	status  int
	word    string // RESOURCE_EXHAUSTED
	message string
	reason  string // QUOTA_EXHAUSTED
	own     bool   // it is in Google's words
	page    bool   // it is a web page
	link    string // where the account's owner can mend it
	// quotas are the names of the quotas that are used up.
	quotas []string
	// wait is how long the upstream says to wait, resets until when; zero when it does not say.
	wait   time.Duration
	resets time.Time
}

func readProblem(r *provider.Reply) problem {
	p := problem{status: r.Status, page: isPage(r)}
	doc := gjson.ParseBytes(r.Body)
	if doc.IsArray() { // so does a stream that would have been one
		doc = doc.Get("0")
	}
	e := doc.Get("error")
	p.word, p.message = e.Get("status").String(), e.Get("message").String()
	p.own = e.Get("code").Type == gjson.Number && p.message != ""
	if r.InStream {
		p.status = statusOf(int(e.Get("code").Int()), p.word)
	}
	e.Get("details").ForEach(func(_, detail gjson.Result) bool {
		p.detail(detail)
		return true
	})
	p.waits(r.Header)
	return p
}

// isPage reports whether an answer is what stands before the provider's, not its own.
func isPage(r *provider.Reply) bool {
	return strings.HasPrefix(strings.ToLower(r.Header.Get("content-type")), "text/html") || len(r.Body) > 0 && r.Body[0] == '<'
}

// statusOf is the status that an error inside a stream would have had.
func statusOf(code int, word string) int {
	if code >= 400 && code < 600 {
		return code
	}
	known := map[string]int{
		"INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "OUT_OF_RANGE": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403,
		"NOT_FOUND": 404, "RESOURCE_EXHAUSTED": 429, "CANCELLED": 499, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504,
	}[word]
	if known == 0 {
		return http.StatusInternalServerError
	}
	return known
}

// detail reads one of the details, of which there are many kinds.
func (p *problem) detail(d gjson.Result) {
	kind := d.Get("@type").String()
	switch kind[strings.LastIndexByte(kind, '.')+1:] {
	case "RetryInfo":
		p.longer(d.Get("retryDelay").String())
	case "QuotaFailure":
		for _, id := range d.Get("violations.#.quotaId").Array() {
			p.quotas = append(p.quotas, id.String())
		}
	case "ErrorInfo":
		p.reason = d.Get("reason").String()
		p.longer(d.Get("metadata.quotaResetDelay").String())
		if at, err := time.Parse(time.RFC3339, d.Get("metadata.quotaResetTimeStamp").String()); err == nil {
			p.resets = at
		}
	case "Help":
		p.link = d.Get("links.0.url").String()
	}
}

// longer takes a time to wait, if it is longer than what was found.
func (p *problem) longer(text string) {
	if d, err := time.ParseDuration(text); err == nil && d > p.wait && d < month {
		p.wait = d
	}
}

const month = 31 * 24 * time.Hour

var retryIn = regexp.MustCompile(`(?:retry in|reset after) ([0-9][0-9a-z.]*[a-z])`)

// waits looks for a time to wait where there is none in the details.
func (p *problem) waits(h provider.Header) {
	if found := retryIn.FindStringSubmatch(p.message); found != nil && p.wait == 0 {
		p.longer(found[1])
	}
	if seconds, err := strconv.ParseInt(h.Get("retry-after"), 10, 32); err == nil && seconds > 0 && p.wait == 0 {
		p.longer(strconv.FormatInt(seconds, 10) + "s")
	}
}

func (p *problem) says(text string) bool { return strings.Contains(strings.ToLower(p.message), text) }

// quota reports whether one of the quotas that are used up has a word in its name.
func (p *problem) quota(word string) bool {
	for _, q := range p.quotas {
		if strings.Contains(q, word) {
			return true
		}
	}
	return false
}

// text is what the error says to people.
func (p *problem) text() string {
	switch {
	case p.message != "":
		return p.message
	case p.page:
		return fmt.Sprintf("the upstream answered %d with a web page", p.status)
	}
	return fmt.Sprintf("the upstream answered %d", p.status)
}

// evidence is what the upstream said, short.
func (p *problem) evidence() string {
	text := fmt.Sprint(p.status)
	if p.page {
		text += " with a web page"
	}
	for _, part := range []string{p.word, p.reason, p.message} {
		if part != "" {
			text += " " + part
		}
	}
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}
