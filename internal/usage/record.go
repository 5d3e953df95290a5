package usage

import (
	"cmp"
	"encoding/json"
	"time"

	"crs/internal/unit"
)

// Source says how the tokens of a record are known.
type Source string

// The sources. A request that never reached an upstream has none.
const (
	Upstream  Source = "upstream"  // the upstream's own final figures
	Partial   Source = "partial"   // it ended early: the upstream's figures as far as they came
	Estimated Source = "estimated" // the upstream gave none
	Excessive Source = "excessive" // the upstream said more than can be: it was cut to the most that is counted
)

// Sources are all of them.
func Sources() []Source { return []Source{Upstream, Partial, Estimated, Excessive} }

// Record is one request, from admission to its last byte.
type Record struct {
	ID          string        `json:"id"`
	At          time.Time     `json:"at"` // when it was admitted, or refused
	Key         string        `json:"key"`
	KeyName     string        `json:"key_name,omitempty"`
	Account     string        `json:"account,omitempty"` // the last one that was tried
	AccountName string        `json:"account_name,omitempty"`
	Platform    string        `json:"platform,omitempty"`
	Service     string        `json:"service"`
	Model       string        `json:"model,omitempty"`    // as asked for
	Upstream    string        `json:"upstream,omitempty"` // as asked upstream, where that differs
	Client      string        `json:"client,omitempty"`
	Stream      bool          `json:"stream,omitempty"`
	Status      int           `json:"status,omitempty"` // what the client got; 0 while it is open, or when it left before
	Error       string        `json:"error,omitempty"`
	FirstByte   time.Duration `json:"first_byte,omitempty"` // from At
	Total       time.Duration `json:"total,omitempty"`
	Source      Source        `json:"source,omitempty"`
	Tokens      Tokens        `json:"tokens,omitzero"`
	Images      int64         `json:"images,omitempty"`   // that were made
	Searches    int64         `json:"searches,omitempty"` // of the web, that the provider made
	Cost        int64         `json:"cost,omitempty"`     // nano-USD at the provider's price
	Charged     int64         `json:"charged,omitempty"`  // nano-USD, what the key was charged
	// Items are what it is billed for, where Tokens and Searches, which are of everything, do not say it: several models, or tokens
	// that are not text. What they leave out is in PricedAs, Tier and Region.
	Items     []Item `json:"items,omitempty"`
	Answered  string `json:"answered,omitempty"`   // the model that the answer names, where that is neither Upstream nor Model
	PricedAs  string `json:"priced_as,omitempty"`  // the model that the price is of, where that is neither Upstream nor Model
	TierAsked string `json:"tier_asked,omitempty"` // the service tier, as the client asked for it
	Tier      string `json:"tier,omitempty"`       // as it was served
	Region    string `json:"region,omitempty"`     // where, as far as that has a price
	Unbilled  bool   `json:"unbilled,omitempty"`   // the provider bills nothing of it, or only Items: it refused before it said anything
	Doubt     string `json:"doubt,omitempty"`      // what of the bill may not be as the provider has it
	Prices    string `json:"prices,omitempty"`     // the version of the price table
	Unpriced  bool   `json:"unpriced,omitempty"`   // the table does not know the model: Cost is 0 for that reason
	// Free marks what does not count as a request of its own, such as counting tokens.
	Free     bool            `json:"free,omitempty"`
	Raw      json.RawMessage `json:"raw,omitempty"` // the upstream's usage, as it said it
	Why      string          `json:"why,omitempty"` // why that account
	Attempts []Attempt       `json:"attempts,omitempty"`
	// Passed are the accounts that were passed over and why; for a request that none could serve, all of them.
	Passed []Passed `json:"passed,omitempty"`
}

// Attempt is one upstream that was tried and did not serve the request.
type Attempt struct {
	Account string        `json:"account"`
	Name    string        `json:"name"`
	Status  int           `json:"status,omitempty"` // 0 when no answer came
	Error   string        `json:"error"`
	After   time.Duration `json:"after"` // from the record's At
	// Ambiguous: the upstream may have done the work, so that trying another may have paid for it twice.
	Ambiguous bool `json:"ambiguous,omitempty"`
}

// Passed is one account that was not eligible.
type Passed struct {
	Account string    `json:"account"`
	Name    string    `json:"name"`
	Reason  string    `json:"reason"`
	Until   time.Time `json:"until,omitzero"`
	Detail  string    `json:"detail,omitempty"`
}

// Amounts are what counts against limits, as far as it can be believed. A request that was turned down is none.
func (r *Record) Amounts() unit.Amounts {
	var a unit.Amounts
	if r.Source != "" {
		a[unit.Requests] = 1
	}
	a[unit.Tokens], a[unit.Cost], a[unit.Images], a[unit.Searches] = r.Tokens.Bound().Metered(), r.Charged, r.Images, r.Searches
	return a.Bound()
}

// Take notes what calls used: that of the model that answered, which is not billed when it refused, what was apart in it, and more.
func (r *Record) Take(own *Call, more, apart []Call, refused bool) {
	tokens, also := own.Tokens.Bound(), own.Also.Bound()
	for i := range more {
		tokens, also = tokens.Add(more[i].Tokens.Bound()), also.Add(more[i].Also.Bound())
	}
	r.Tokens, r.Images, r.Searches, r.Unbilled = tokens.Bound(), also[Image], also[WebSearch], refused
	if own.Plain() && len(more)+len(apart) == 0 {
		return
	}
	items := r.ownItems(own, apart)
	for i := range more {
		items = more[i].AppendItems(items)
	}
	var folded bool
	if r.Items, folded = FoldItems(items); folded {
		r.Doubt = "it was billed for more things than a record holds: some are added up that may not cost alike"
	}
}

// ownItems are what the model that answered is billed for. Its name is left out, for it is the record's.
func (r *Record) ownItems(own *Call, apart []Call) (items []Item) {
	if r.Unbilled {
		return nil
	}
	whole := Call{Tokens: own.Tokens.Bound(), Also: own.Also.Bound()}
	if len(apart) == 0 {
		return whole.AppendItems(nil)
	}
	for i := range apart {
		turn := Call{Tokens: apart[i].Tokens.Bound()}
		items = turn.AppendItems(items)
	}
	whole.Tokens = Tokens{}
	return whole.AppendItems(items) // the searches
}

// AppendBilled appends what the provider bills for it, with nothing left out.
func (r *Record) AppendBilled(items []Item) []Item {
	start := len(items)
	if len(r.Items) == 0 && !r.Unbilled {
		all := Call{Tokens: r.Tokens, Also: Amounts{WebSearch: r.Searches, Image: r.Images}}
		items = all.AppendItems(items)
	}
	items = append(items, r.Items...)
	name := cmp.Or(r.PricedAs, r.Upstream, r.Model)
	for n := range items[start:] {
		i := &items[start+n]
		i.Model, i.Tier, i.Region = cmp.Or(i.Model, name), cmp.Or(i.Tier, r.Tier), cmp.Or(i.Region, r.Region)
	}
	return items
}

// End is when the record was closed.
func (r *Record) End() time.Time { return r.At.Add(r.Total) }
