package simulator

import (
	"bytes"
	"strconv"
)

// problem is an error of Factory's own, as opposed to one that it passes on.
func problem(status int, title, detail string) *failure {
	return &failure{status: status, kind: ownProblem, detail: title, message: detail}
}

// ownProblem marks a failure that problem made.
const ownProblem = "factory"

// droidProblems are the statuses that Factory answers itself.
var droidProblems = []failure{
	*problem(401, "Unauthorized", "Invalid or missing authentication"),
	*problem(402, "Payment Required", "Ready to get started? Subscribe at https://app.factory.ai/settings/billing"),
	*problem(403, "Forbidden", "Your organization may not use this model"),
}

func (a *droid) failure(c *call, st *step) failure {
	for _, p := range droidProblems {
		if st.verb == vStatus && st.status == p.status {
			return p
		}
	}
	if a.speaksAnthropic(c) {
		return a.anthropic.failure(c, st)
	}
	return a.openAI.failure(c, st)
}

func (a *droid) refusal(c *call, f failure) reply {
	switch {
	case f.kind == ownProblem:
		return ownAnswer(c, f)
	case a.speaksAnthropic(c):
		return a.anthropic.refusal(c, f)
	}
	return a.openAI.refusal(c, f)
}

func ownAnswer(c *call, f failure) reply {
	r := reply{status: f.status, content: jsonType, fields: c.keep(append(appendRequestID(c), f.fields...))}
	b := append(c.scratch, `{"detail":`...)
	b = appendText(b, f.message)
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(f.status), 10)
	b = append(b, `,"title":`...)
	b = appendText(b, f.detail)
	b = append(b, `,"requestId":"`...)
	b = appendID(b, "iad1::", c.number)
	r.body = c.keep(append(b, `"}`...))
	return r
}

func (a *droid) errorEvent(c *call, kind string) []byte {
	if a.speaksAnthropic(c) {
		return a.anthropic.errorEvent(c, kind)
	}
	return a.openAI.errorEvent(c, kind)
}

func (a *droid) speaksAnthropic(c *call) bool {
	return bytes.HasPrefix(c.path, []byte(droidAnthropic))
}
