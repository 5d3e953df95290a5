package proxyengine

import (
	"time"

	"crs/internal/account"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/usage"
)

// Ended is a request that has ended, for who counts. It is the exchange's own: whoever is told must not keep it.
type Ended struct {
	// Record is what the ledger has of it. Its key is empty when no good one was presented.
	Record *usage.Record
	// Refused is why the relay turned the request down, a word of Refusals; "" when it did not.
	Refused string
	// Asked are the accounts that were sent the request, in order.
	Asked []Asked
	// Own is the part of the time to the answer's first byte that the relay itself took: without the client's sending its
	// request, without waiting in a queue, and without the upstream's time. Zero when no answer was delivered.
	Own time.Duration
	// The waits in the queues, zero for those that it did not stand in.
	KeyQueue, AccountQueue, BodyQueue time.Duration
}

// Asked is an account that was sent a request, and what its answer meant.
type Asked struct {
	Account *account.Account
	Result  account.Result
}

// The refusals that are not about a limit of the key; those are the limit's name with _ between its words.
const (
	refusedKey         = "key_" // and the reason
	refusedClient      = "client_not_allowed"
	refusedModel       = "model_not_allowed"
	refusedPlatform    = "platform_not_allowed"
	refusedOwnClients  = "subscription_only"
	refusedNoModel     = "model_not_served"
	refusedNoAccount   = "no_account"
	refusedLedger      = "ledger"
	refusedBodyBudget  = "body_budget"
	refusedBodySize    = "body_too_large"
	refusedBodyTime    = "body_too_slow"
	refusedRequest     = "bad_request"
	refusedRoute       = "no_route"
	refusedUnavailable = "unavailable"
)

// Refusals are all the words for why a request is turned down.
func Refusals() []string {
	all := []string{
		refusedClient, refusedModel, refusedPlatform, refusedOwnClients, refusedNoModel, refusedNoAccount, refusedLedger, refusedBodyBudget,
		refusedBodySize, refusedBodyTime, refusedRequest, refusedRoute, refusedUnavailable,
	}
	for _, r := range key.Reasons() {
		all = append(all, refusedKey+string(r))
	}
	return append(all, limit.Words()...)
}

// asked notes what came of asking the account that is lent.
func (x *exchange) asked(r account.Result) {
	if r != account.Unused {
		x.ended.Asked = append(x.ended.Asked, Asked{x.lease.Account(), r})
	}
}

// addQueueWait notes a wait in a queue.
func (x *exchange) addQueueWait(queue *time.Duration, waited time.Duration) {
	*queue += waited
	x.waited += waited
}

// report gives the ended request to who counts.
func (x *exchange) report() {
	if x.e.opt.Ended == nil {
		return
	}
	if x.lease != nil {
		x.asked(x.outcome.Result)
	}
	x.ended.Record = &x.record
	x.e.opt.Ended(&x.ended)
}
