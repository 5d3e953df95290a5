package key

import (
	"encoding/json"
	"slices"
	"time"

	"crs/internal/limit"
	"crs/internal/unit"
)

// NamedLimit is a rule that has a name of its own, in every form. All others are said by what they count.
type NamedLimit struct {
	Rule  limit.Rule // without how much
	Name  string     // in the contract
	Flag  string
	Label string // of a form's field
	Help  string
	Use   string // what of it is used, where that is shown
	Title string // of a table's column
}

// NamedLimits are all of them, in the order in which they are shown. They must not be changed.
func NamedLimits() []NamedLimit { return namedLimits }

var namedLimits = []NamedLimit{
	{limit.Per(unit.Requests, limit.Minute, 0), "rpm", "rpm", "requests a minute", "`N` requests a minute", "requests a minute", "REQ/MIN"},
	{limit.Per(unit.Tokens, limit.Minute, 0), "tpm", "tpm", "tokens a minute", "`N` tokens a minute", "tokens a minute", "TOK/MIN"},
	{limit.Per(unit.Cost, limit.Day, 0), "daily_cost_usd", "daily-cost", "$ a day", "daily budget", "cost today", "TODAY"},
	{limit.Per(unit.Cost, limit.Week, 0), "weekly_cost_usd", "weekly-cost", "$ a week", "weekly budget", "cost this week", "THIS WEEK"},
	{limit.Per(unit.Cost, limit.Total, 0), "total_cost_usd", "total-cost", "$ in total", "total budget", "total cost", "TOTAL"},
}

// namedIndex gives which of NamedLimits a rule is; -1 for none.
func namedIndex(r limit.Rule) int {
	return slices.IndexFunc(NamedLimits(), func(n NamedLimit) bool { return n.Rule.Same(r) })
}

// IsNamed reports whether a rule has a name of its own.
func IsNamed(r limit.Rule) bool { return namedIndex(r) >= 0 }

// Flag is how a command line says more of a rule, with a word for how much.
func Flag(r limit.Rule) string {
	much := "N"
	if r.Unit.Money() {
		much = "USD"
	}
	if i := namedIndex(r); i >= 0 {
		return "--" + namedLimits[i].Flag + " " + much
	}
	return "--limit " + r.String() + "=" + much
}

// kept is a policy as it is kept. A limit with a name is a member of its own, which older versions read too; the others are in a
// list.
type kept struct {
	RequestsPerMinute int64         `json:"requests_per_minute,omitempty"`
	TokensPerMinute   int64         `json:"tokens_per_minute,omitempty"`
	DailyCost         int64         `json:"daily_cost,omitempty"`
	WeeklyCost        int64         `json:"weekly_cost,omitempty"`
	TotalCost         int64         `json:"total_cost,omitempty"`
	Concurrency       int           `json:"concurrency,omitempty"`
	Queue             int           `json:"queue,omitempty"`
	QueueWait         time.Duration `json:"queue_wait,omitempty"`
	Rules             []keptRule    `json:"limits,omitempty"`
	plainPolicy
}

// named are the members of limits with a name, in the order of NamedLimits.
func (s *kept) named() [5]*int64 {
	return [...]*int64{&s.RequestsPerMinute, &s.TokensPerMinute, &s.DailyCost, &s.WeeklyCost, &s.TotalCost}
}

// plainPolicy is a policy without its methods.
type plainPolicy Policy

type keptRule struct {
	Limit string `json:"limit"` // what it counts
	Max   int64  `json:"max"`
}

// MarshalJSON implements json.Marshaler.
func (p Policy) MarshalJSON() ([]byte, error) {
	s := kept{
		Concurrency: p.Limits.Concurrency, Queue: p.Limits.Queue, QueueWait: p.Limits.QueueWait, Rules: slices.Clone(p.newer), plainPolicy: plainPolicy(p),
	}
	members := s.named()
	for _, r := range p.Limits.Rules {
		if i := namedIndex(r); i >= 0 {
			*members[i] = r.Max
		} else {
			s.Rules = append(s.Rules, keptRule{r.String(), r.Max})
		}
	}
	return json.Marshal(s)
}

// UnmarshalJSON implements json.Unmarshaler. Limits that a newer version has made are kept, and do not limit.
func (p *Policy) UnmarshalJSON(text []byte) error {
	s := kept{plainPolicy: plainPolicy(*p)}
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	*p = Policy(s.plainPolicy)
	p.Limits, p.newer = limit.Limits{Concurrency: s.Concurrency, Queue: s.Queue, QueueWait: s.QueueWait}, nil
	members := s.named()
	for i, n := range NamedLimits() {
		if n.Rule.Max = *members[i]; n.Rule.Max != 0 {
			p.Limits.Set(n.Rule)
		}
	}
	for _, of := range s.Rules {
		r, err := limit.ParseRule(of.Limit)
		if err != nil {
			p.newer = append(p.newer, of)
			continue
		}
		r.Max = of.Max
		p.Limits.Set(r)
	}
	return nil
}
