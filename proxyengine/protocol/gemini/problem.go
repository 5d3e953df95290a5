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

// Problem is what an error says (protocols.md, D.4).
type Problem struct {
	Status  int    // the answer's own, or the one that an error inside a stream would have had
	Word    string // RESOURCE_EXHAUSTED
	Message string
	Reason  string // QUOTA_EXHAUSTED
	Own     bool   // it is in Google's words
	Page    bool   // it is a web page
	Link    string // where the account's owner can mend it
	// Quotas are the names of the quotas that are used up.
	Quotas []string
	// Wait is how long the upstream says to wait, Resets until when; zero when it does not say.
	Wait   time.Duration
	Resets time.Time
}

// ReadProblem reads an answer that is no success.
func ReadProblem(r *provider.Reply) Problem {
	p := Problem{Status: r.Status, Page: r.Page()}
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
	if known == 0 {
		return http.StatusInternalServerError
	}
	return known
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
	if d, err := time.ParseDuration(text); err == nil && d > p.Wait && d < month {
		p.Wait = d
	}
}

const month = 31 * 24 * time.Hour

var retryIn = regexp.MustCompile(`(?:retry in|reset after) ([0-9][0-9a-z.]*[a-z])`)

// waits looks for a time to wait where there is none in the details.
func (p *Problem) waits(h provider.Header) {
	if found := retryIn.FindStringSubmatch(p.Message); found != nil && p.Wait == 0 {
		p.longer(found[1])
	}
	if seconds, err := strconv.ParseInt(h.Get("retry-after"), 10, 32); err == nil && seconds > 0 && p.Wait == 0 {
		p.longer(strconv.FormatInt(seconds, 10) + "s")
	}
}

// Says looks for a text, in small letters, in the message.
func (p *Problem) Says(text string) bool { return strings.Contains(strings.ToLower(p.Message), text) }

// Quota reports whether one of the quotas that are used up has a word in its name.
func (p *Problem) Quota(word string) bool {
	for _, q := range p.Quotas {
		if strings.Contains(q, word) {
			return true
		}
	}
	return false
}

// Text is what the error says to people.
func (p *Problem) Text() string {
	switch {
	case p.Message != "":
		return p.Message
	case p.Page:
		return fmt.Sprintf("the upstream answered %d with a web page", p.Status)
	}
	return fmt.Sprintf("the upstream answered %d", p.Status)
}

// Evidence is what the upstream said, short.
func (p *Problem) Evidence() string {
	text := fmt.Sprint(p.Status)
	if p.Page {
		text += " with a web page"
	}
	for _, part := range []string{p.Word, p.Reason, p.Message} {
		if part != "" {
			text += " " + part
		}
	}
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}
