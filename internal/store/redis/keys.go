package redis

import (
	"strconv"
	"time"

	"crs/internal/store"
)

// Every key in Redis is named here. What stands in braces decides the hash slot in a Cluster: keys that one script touches
// have the same. PREFIX is redis.prefix.
//
//	name                          type    lives               who writes, and what
//	PREFIX:{doc}:store            hash    for good            the first node: id, created, schema, fact:…; each edit: changes
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
//	PREFIX:{log}:store            hash    for good            the first node: id, the same as in {doc}; bytes: what the log holds
//	PREFIX:{log}:marks            hash    for good            each node: how far its records are in the log
//	PREFIX:{log}:chunks           stream  usage.keep, and     each node: records that were closed within a second or so
//	                                      redis.log_bytes
type names struct{ prefix string }

func (n names) in(slot, rest string) string { return n.prefix + ":{" + slot + "}:" + rest }

// The hash slots.
const (
	docSlot   = "doc"
	usageSlot = "usage"
	logSlot   = "log"
)

// slots are those that hold what must not be lost. The order is that in which a new store is made.
var slots = []string{usageSlot, logSlot, docSlot}

// store holds what identifies the store; every slot that must not begin anew has one.
func (n names) store(slot string) string { return n.in(slot, "store") }

func (n names) docs(kind store.Kind) string     { return n.in(docSlot, string(kind)) }
func (n names) docNames(kind store.Kind) string { return n.in(docSlot, "names:"+string(kind)) }
func (n names) feed() string                    { return n.in(docSlot, "feed") }
func (n names) state(name string) string        { return n.in("state", name) }

func (n names) marks(slot string) string { return n.in(slot, "marks") }
func (n names) hour(hour time.Time) string {
	return n.in(usageSlot, "hour:"+strconv.FormatInt(hour.Unix(), 10))
}
func (n names) day(day string) string { return n.in(usageSlot, "day:"+day) }
func (n names) hours() string         { return n.in(usageSlot, "hours") }
func (n names) days() string          { return n.in(usageSlot, "days") }
func (n names) charged() string       { return n.in(usageSlot, "charged") }
func (n names) chunks() string        { return n.in(logSlot, "chunks") }
