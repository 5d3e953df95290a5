package anthropic

import (
	"strings"

	"crs/internal/bound"
	"crs/internal/jsonscan"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// iteration is an entry of usage.iterations: one call of a model within a request (protocols.md, A.11).
type iteration struct {
	kind string
	usage.Call
}

// The types of iterations. What is of the type message is in the totals, if it is the answering model's; all others are beside them.
const (
	message         = "message"          // a turn of the model, or an attempt that another model took over from
	fallbackMessage = "fallback_message" // the last turn of a model that took over
	compaction      = "compaction"
	advisorMessage  = "advisor_message" // another model was asked
)

// mostIterations is how many are told apart.
const mostIterations = 128

// readIterations reads a list of them. Those beyond mostIterations, and what is no iteration, are told by whole.
func readIterations(list []byte) (all []iteration, whole bool) {
	whole = true
	s := jsonscan.Array(list)
	for s.Next() {
		if len(all) == mostIterations {
			return all, false
		}
		i, ok := readIteration(s.Value)
		if whole = whole && ok; ok {
			all = append(all, i)
		}
	}
	return all, whole && s.Err() == nil
}

func readIteration(object []byte) (i iteration, ok bool) {
	if len(object) == 0 || object[0] != '{' {
		return i, false
	}
	ok = readTokens(&i.Tokens, object, func(key, value []byte) {
		switch string(key) {
		case "type":
			text, _ := jsonscan.StringUpTo(value, bound.ID)
			i.kind = bound.Cut(text, bound.ID)
		case "model":
			provider.TakeName(&i.Model, value)
		}
	})
	return i, ok
}

// bill takes apart what the iterations say: which are the answering model's, and which are billed beside the totals.
func (t *tally) bill(c *provider.Count) {
	if len(t.iterations) == 0 {
		return
	}
	for _, i := range t.iterations {
		if i.kind == fallbackMessage && i.Model != "" {
			c.Model = i.Model // it answered, whoever the head names
		}
	}
	var own []usage.Call
	var unknown string
	for _, i := range t.iterations {
		turn := i.kind == message || i.kind == fallbackMessage
		switch {
		case turn && (i.Model == "" || sameModel(i.Model, c.Model)):
			own = append(own, i.Call)
		case turn && i.Tokens.Output == 0: // it declined before it said anything
		default:
			c.More = append(c.More, i.Call)
			if i.kind == advisorMessage && i.Model == "" {
				c.Question("the usage does not name the model of an adviser, which is priced as the one that answered")
			}
			if !turn && i.kind != compaction && i.kind != advisorMessage {
				unknown = i.kind
			}
		}
	}
	if unknown != "" {
		c.Question("the usage has a kind of iteration that is not known: " + bound.Quoted(unknown))
	}
	switch {
	case len(own) > 1 && sum(own) == total(c.Tokens):
		c.Apart = own
	case len(own) > 0 && sum(own) != total(c.Tokens):
		c.Question("the usage's iterations do not add up to its totals, which count")
	}
	if !t.whole {
		c.Question("the usage has more iterations, or others, than can be read")
	}
}

// totals are what sums are compared by: cache writes are not always told apart by how long they last.
type totals struct{ input, output, read, written int64 }

func total(t usage.Tokens) totals {
	return totals{t.Input, t.Output, t.CacheRead, t.CacheWrite + t.CacheWrite1h}
}

func sum(calls []usage.Call) totals {
	var all usage.Tokens
	for i := range calls {
		all = all.Add(calls[i].Tokens)
	}
	return total(all)
}

// sameModel compares names, of which one may be that of a snapshot of the other.
func sameModel(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+"-20") || strings.HasPrefix(b, a+"-20")
}
