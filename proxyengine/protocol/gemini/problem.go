package gemini

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"crs/proxyengine/provider"
)

// Problem is what an error says (protocols.md, D.4). It is Own when it is in Google's words.
type Problem struct {
	provider.Problem
	Word   string // RESOURCE_EXHAUSTED
	Reason string // QUOTA_EXHAUSTED
	Link   string // where the account's owner can mend it
	// Quotas are the names of the quotas that are used up.
	Quotas []string
	// Resets is until when the upstream says to wait; zero when it does not say.
	Resets time.Time
}

// ReadProblem reads an answer that is no success.
func ReadProblem(r *provider.Reply) Problem {
	p := Problem{Problem: provider.Problem{Status: r.Status, Page: r.Page()}}
	doc := gjson.ParseBytes(r.Body)
	if doc.IsArray() { // so does a stream that would have been one
		doc = doc.Get("0")
	}
	e := doc.Get("error")
	p.Word, p.Message = e.Get("status").String(), e.Get("message").String()
	p.Own = e.Get("code").Type == gjson.Number && p.Message != ""
	if r.InStream {
		p.Status = statusOf(int(e.Get("code").Int()), p.Word)
	}
	e.Get("details").ForEach(func(_, detail gjson.Result) bool {
		p.detail(detail)
		return true
	})
	p.waits(r.Header)
	p.Name = strings.TrimSpace(p.Word + " " + p.Reason)
	return p
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
	return cmp.Or(known, http.StatusInternalServerError)
}

// detail reads one of the details, of which there are many kinds.
func (p *Problem) detail(d gjson.Result) {
	kind := d.Get("@type").String()
	switch kind[strings.LastIndexByte(kind, '.')+1:] {
	case "RetryInfo":
		p.longer(d.Get("retryDelay").String())
	case "QuotaFailure":
		for _, id := range d.Get("violations.#.quotaId").Array() {
			p.Quotas = append(p.Quotas, id.String())
		}
	case "ErrorInfo":
		p.Reason = d.Get("reason").String()
		p.longer(d.Get("metadata.quotaResetDelay").String())
		if at, err := time.Parse(time.RFC3339, d.Get("metadata.quotaResetTimeStamp").String()); err == nil {
			p.Resets = at
		}
	case "Help":
		p.Link = d.Get("links.0.url").String()
	}
}

// longer takes a time to wait, if it is longer than what was found.
func (p *Problem) longer(text string) {
	if d, err := time.ParseDuration(text); err == nil && d < month {
		p.Wait = max(p.Wait, d)
	}
}

const month = 31 * 24 * time.Hour

var retryIn = regexp.MustCompile(`(?:retry in|reset after) ([0-9][0-9a-z.]*[a-z])`)

// waits looks for a time to wait where there is none in the details.
func (p *Problem) waits(h provider.Header) {
	if found := retryIn.FindStringSubmatch(p.Message); found != nil && p.Wait == 0 {
		p.longer(found[1])
	}
	if after := provider.RetryAfter(h); p.Wait == 0 && after < month {
		p.Wait = after
	}
}

// Quota reports whether one of the quotas that are used up has a word in its name.
func (p *Problem) Quota(word string) bool {
	return slices.ContainsFunc(p.Quotas, func(q string) bool { return strings.Contains(q, word) })
}
