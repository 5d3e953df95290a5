package redis

import (
	"strconv"
	"strings"
	"time"

	"crs/internal/store"
)

// Every key in Redis is named here. What stands in braces decides the hash slot in a Cluster: keys that one script touches
// have the same. PREFIX is redis.prefix.
//
//	name                          type    lives               who writes, and what
//	PREFIX:{doc}:store            hash    for good            the first node: id, created, schema, fact:…; each edit: changes;
//	                                                          each node: shift, calendar, since, beat (lua/steady.lua)
//	PREFIX:{doc}:KIND             hash    for good            whoever edits: id → "VERSION LENGTH NAMEBODY"; KIND is account, group, key, setting
//	PREFIX:{doc}:names:KIND       hash    for good            with each edit: name → id
//	PREFIX:{doc}:feed             stream  last 10,000         with each edit: ID "CHANGES-0", kind and id of what was changed
//	PREFIX:{state}:NAME           string  90 days             the node whose state it is
//	PREFIX:{usage}:store          hash    for good            the first node: id, the same as in {doc}
//	PREFIX:{usage}:marks          hash    for good            each node: its id → how far its ledger was added up, "SEGMENT OFFSET"
//	PREFIX:{usage}:hour:UNIX      hash    usage.keep          each node, adding: "DAY KEY ACCOUNT MODEL" → nine counts
//	PREFIX:{usage}:day:DATE       hash    redis.keep_days     each node, adding: "KEY ACCOUNT MODEL" → nine counts
//	PREFIX:{usage}:hours, :days   zset    for good            each node: which of the above there are
//	PREFIX:{usage}:charged        hash    for good            each node, adding: key → nano-USD
//	PREFIX:{usage}:used           hash    for good            each node, adding: "KEY UNIT" → how much, but for costs
//	PREFIX:{usage}:used:hUNIX     hash    usage.keep          each node, adding: "KEY UNIT" → what the counts of the hour do not tell
//	PREFIX:{usage}:used:DATE      hash    redis.keep_days     each node, adding: the same of a day
//	PREFIX:{log}:store            hash    for good            the first node: id, the same as in {doc}; bytes: what the log holds
//	PREFIX:{log}:marks            hash    for good            each node: how far its records are in the log
//	PREFIX:{log}:chunks           stream  usage.keep, and     each node: records that were closed within a second or so
//	                                      redis.log_bytes
//	PREFIX:{log}:audit            zset    audit.keep, and     each node: who changed what, "TIME JSON" → its place; the last place and the
//	                                      audit.max_bytes     bytes of all stand in {log}:store
//	PREFIX:{key ID}:inside        zset    2 h unrenewed       each node: requests in flight, NODE.N:TOKENS:COST → when the lease ends
//	PREFIX:{key ID}:queue, :alive zset    2 h unrenewed       each node: requests that wait → since when; until when unless renewed
//	PREFIX:{key ID}:rate          hash    2 h unrenewed       each node: the last minute by seconds, of each unit by its letter (r…, t…), and
//	                                                          what requests in flight hold back (xt tokens, xc nano-USD, …)
//	PREFIX:{key ID}:windows       hash    2 h more than they  each node: longer windows in the same way, by unit and seconds (r18000:…)
//	PREFIX:{key ID}:budget        hash    40 days unused      each node: what was used in each span of the calendar, costs as day, week, …,
//	                                                          the rest as r:day, …; dayends, …: when each ends
//	PREFIX:{key ID}:nodes         hash    2 days unused       each node: its id → the last settlement that was counted, and when; amended: the
//	                                                          same of the last correction
//	PREFIX:{acc}:slots:ID         zset    2 h unrenewed       each node: requests on an account with a limit → when the lease ends
//	PREFIX:{acc}:wanted:ID        string  1 s                 a node that found no slot
//	PREFIX:{acc}:lock:NAME        string  2 h unrenewed       the node that does what only one may, such as refreshing a token
//	PREFIX:{acc}:news             stream  last 100,000        each node: conversations that moved, what was learnt of accounts
//	PREFIX:{SLOT}:store           hash    40 days             in a Cluster, of {state}, {acc} and each {key ID}: id, the same as in {doc}
//
// And channels: PREFIX:turn:NODE calls requests of that node that wait, PREFIX:freed names accounts with a slot that somebody
// wants.
type names struct {
	prefix  string
	cluster bool
}

func (n names) in(slot, rest string) string { return n.prefix + ":{" + slot + "}:" + rest }

// The hash slots.
const (
	docSlot   = "doc"
	usageSlot = "usage"
	logSlot   = "log"
	stateSlot = "state"
)

// slots are those that hold what must not be lost. The order is that in which a new store is made.
var slots = []string{usageSlot, logSlot, docSlot}

// store holds what identifies the store; every slot that must not begin anew has one.
func (n names) store(slot string) string { return n.in(slot, "store") }

// marker is what a script that writes to a hash slot looks at first: it has the id of the store. In a Cluster a script can look
// at nothing outside of its slot, so there each slot has a marker of its own.
func (n names) marker(slot string) string {
	if n.cluster {
		return n.store(slot)
	}
	return n.store(docSlot)
}

func (n names) docs(kind store.Kind) string     { return n.in(docSlot, string(kind)) }
func (n names) docNames(kind store.Kind) string { return n.in(docSlot, "names:"+string(kind)) }
func (n names) feed() string                    { return n.in(docSlot, "feed") }
func (n names) state(name string) string        { return n.in(stateSlot, name) }

func (n names) marks(slot string) string { return n.in(slot, "marks") }
func (n names) hour(hour time.Time) string {
	return n.in(usageSlot, "hour:"+strconv.FormatInt(hour.Unix(), 10))
}
func (n names) day(day string) string { return n.in(usageSlot, "day:"+day) }
func (n names) hours() string         { return n.in(usageSlot, "hours") }
func (n names) days() string          { return n.in(usageSlot, "days") }
func (n names) charged() string       { return n.in(usageSlot, "charged") }

// used is what was used at some time, as usage.Used has it.
func (n names) used(at string) string {
	if at == "" {
		return n.in(usageSlot, "used")
	}
	return n.in(usageSlot, "used:"+at)
}

func (n names) chunks() string { return n.in(logSlot, "chunks") }
func (n names) audit() string  { return n.in(logSlot, "audit") }

// accountSlot is the hash slot of all accounts: a request that several would do for asks for them at once.
const accountSlot = "acc"

// keySlot is the hash slot of a key.
func keySlot(id string) string { return keySlots + id }

const keySlots = "key "

// keyOf gives the key whose hash slot it is.
func keyOf(slot string) (id string, ok bool) { return strings.CutPrefix(slot, keySlots) }

// ofKey gives the names that each script of a key takes, in order.
func (n names) ofKey(id string) []string {
	in := n.in(keySlot(id), "")
	return []string{in + "inside", in + "queue", in + "alive", in + "rate", in + "budget", in + "nodes", in + "windows"}
}

func (n names) slots(account string) string  { return n.in(accountSlot, "slots:"+account) }
func (n names) wanted(account string) string { return n.in(accountSlot, "wanted:"+account) }
func (n names) lock(name string) string      { return n.in(accountSlot, "lock:"+name) }
func (n names) news() string                 { return n.in(accountSlot, "news") }

// The channels.
func (n names) turn(node string) string { return n.prefix + ":turn:" + node }
func (n names) freed() string           { return n.prefix + ":freed" }
