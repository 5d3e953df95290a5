package account

import (
	"slices"
	"time"
)

// keyFailures is how often requests of a key have failed in a row, with no good answer to anybody in between.
type keyFailures struct {
	Key   string `json:"key"`
	Count int    `json:"count"`
}

// mostFailing bounds how many keys are told apart. It takes two to find an account at fault.
const mostFailing = 8

// failed counts a failure and reports whether there are enough for a rest, and whose: that of a key alone, when it is only its
// requests that fail, else "" for everybody's. blame means that the request itself may have brought it about; then no key
// counts for more than about half of what it takes.
func (e *entry) failed(key string, blame bool, most int) (whose string, enough bool) {
	e.Failures++
	if !blame || key == "" {
		return "", e.Failures-e.excess(most) >= most
	}
	i := slices.IndexFunc(e.FailedFor, func(f keyFailures) bool { return f.Key == key })
	if i < 0 {
		if len(e.FailedFor) == mostFailing {
			e.FailedFor = slices.Delete(e.FailedFor, 0, 1)
		}
		i = len(e.FailedFor)
		e.FailedFor = append(e.FailedFor, keyFailures{Key: key})
	}
	e.FailedFor[i].Count++
	switch {
	case e.Failures-e.excess(most) >= most:
		return "", true
	case e.FailedFor[i].Count >= most:
		return key, true
	}
	return "", false
}

// excess is how many failures do not count against the account, because they are one key's beyond its part.
func (e *entry) excess(most int) int {
	n, part := 0, (most+1)/2
	for _, f := range e.FailedFor {
		n += max(0, f.Count-part)
	}
	return n
}

// forgive forgets failures after a good answer.
func (e *entry) forgive() { e.Failures, e.FailedFor = 0, nil }

// refusalFor is for how long it is known that a key was refused: the next key may come late.
const refusalFor = 10 * time.Minute

// unconfirmed reports whether a rest is a refusal that only one key has met, and that nothing has disproved since. It is known for
// longer than the account rests for that key.
func (e *entry) unconfirmed(now time.Time, r *Cooldown) bool {
	return r.Key != "" && r.Denied && now.Before(r.Since.Add(refusalFor)) && !r.Since.Before(e.GoodAt)
}

// others reports whether another key has met the same within the time for which that holds, and nobody has had a good answer
// since, so that it is not one key's doing.
func (e *entry) others(now time.Time, r Cooldown, key string) bool {
	return slices.ContainsFunc(e.Rests, func(o Cooldown) bool {
		until := o.Until
		if o.Denied {
			until = o.Since.Add(refusalFor)
		}
		alike := o.Scope == r.Scope && o.Service == r.Service && o.Model == r.Model && o.Denied == r.Denied && o.Lacks == r.Lacks
		return alike && o.Key != key && now.Before(until) && !o.Since.Before(e.GoodAt)
	})
}
