package ctl

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// AuditQuery selects entries of the audit log. Zero fields do not select.
type AuditQuery struct {
	Since string // as in UsageQuery
	Limit int    // 0: 100
}

// Audit is what was changed.
type Audit struct {
	Entries []AuditEntry `json:"entries"`
}

// AuditEntry says that somebody changed something, or was kept from it.
type AuditEntry struct {
	Entry   string        `json:"entry"` // its own id
	Time    time.Time     `json:"time"`
	Node    string        `json:"node,omitempty"` // which of the nodes that share a store wrote it
	Actor   Actor         `json:"actor"`
	Action  string        `json:"action"`       // such as key.edit
	Outcome string        `json:"outcome"`      // done; refused: the actor may not; unknown: the store gave no answer
	Kind    string        `json:"kind"`         // of what it was done to
	ID      string        `json:"id,omitempty"` // of that
	Name    string        `json:"name,omitempty"`
	Changes []AuditChange `json:"changes"`
}

// Actor is who did something.
type Actor struct {
	Kind string `json:"kind"`           // user: of the machine; system: by itself, such as at a signal
	ID   string `json:"id,omitempty"`   // of a user the uid
	Name string `json:"name,omitempty"` // where it is known
}

// AuditChange is a field that has another value. A secret is never shown, only that it is another one.
type AuditChange struct {
	Field  string `json:"field"` // its path in what the daemon tells of the thing
	Before string `json:"before"`
	After  string `json:"after"`
}

// The outcomes.
const (
	OutcomeDone    = "done"
	OutcomeRefused = "refused"
	OutcomeUnknown = "unknown"
)

func (q AuditQuery) values() string {
	v := url.Values{}
	set(v, "since", q.Since)
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v.Encode()
}

// Audit gives the newest entries of the audit log that match, oldest of them first.
func (c *Client) Audit(ctx context.Context, q AuditQuery) (Audit, error) {
	return await[Audit](ctx, c, http.MethodGet, "/audit?"+q.values(), nil)
}

// FollowAudit gives the newest q.Limit entries that match, and then every one as it is written, until ctx does or the daemon goes
// away: then it gives one error and ends. It goes on with a process that takes over.
func (c *Client) FollowAudit(ctx context.Context, q AuditQuery) iter.Seq2[AuditEntry, error] {
	return followOn(ctx, c, "follow the audit log", func(last *AuditEntry) string {
		if last != nil {
			q.Since, q.Limit = last.Time.Format(time.RFC3339Nano), caughtUp
		}
		return "/audit/follow?" + q.values()
	}, func(e *AuditEntry) string { return e.Entry })
}
