package redis

import (
	"context"
	"embed"
	"strings"

	"github.com/redis/go-redis/v9"
)

// scripts are pieces of Lua that Redis runs as one step. Every one names all its keys, which are of one hash slot.
type scripts struct {
	// Those of the store.
	addUp, correct, put, delete, fact, claim, append, audit, gap, mark *redis.Script
	// Those of a node; the store has write as well.
	admit, settle, raise, amend, recount, renew, use, take, free, hold, lock, write, steady, shift *redis.Script
}

// scriptRow is a script with the name that metrics have for it and the files in lua/ that it is made of.
type scriptRow struct {
	script **redis.Script
	name   string
	parts  string
}

func (s *scripts) rows() []scriptRow { return append(s.ofStore(), s.ofNode()...) }

func (s *scripts) ofStore() []scriptRow {
	return []scriptRow{
		{&s.addUp, "add_up", "same place sums addup"},
		{&s.correct, "correct_usage", "same sums correct"},
		{&s.put, "put_document", "same feed put"},
		{&s.delete, "delete_document", "same feed delete"},
		{&s.fact, "claim_fact", "same fact"},
		{&s.claim, "claim", "claim"},
		{&s.append, "append_log", "same place append"},
		{&s.audit, "append_audit", "same audit"},
		{&s.gap, "copy", "same feed gap"},
		{&s.mark, "mark", "mark"},
	}
}

func (s *scripts) ofNode() []scriptRow {
	const timed = "guard clock check "
	return []scriptRow{
		{&s.admit, "admit", timed + "key admit"},
		{&s.settle, "settle", timed + "key settle"},
		{&s.raise, "raise", timed + "key raise"},
		{&s.amend, "amend", timed + "key amend"},
		{&s.recount, "recount", timed + "key recount raise"},
		{&s.renew, "renew", timed + "key renew"},
		{&s.use, "use", timed + "key use"},
		{&s.take, "take", timed + "take"},
		{&s.free, "free", timed + "free"},
		{&s.hold, "hold", timed + "hold"},
		{&s.lock, "lock", timed + "lock"},
		{&s.write, "write", "guard write"},
		{&s.steady, "steady", "guard clock steady"},
		{&s.shift, "shift", "guard clock shift"},
	}
}

//go:embed lua
var lua embed.FS

func newScripts() *scripts {
	s := new(scripts)
	for _, r := range s.rows() {
		var text strings.Builder
		for _, part := range strings.Fields(r.parts) {
			b, err := lua.ReadFile("lua/" + part + ".lua")
			if err != nil {
				panic(err) // a row names a file that is not in lua/
			}
			text.Write(append(b, '\n'))
		}
		*r.script = redis.NewScript(text.String())
	}
	return s
}

// load gives Redis the texts of a node's scripts, so that afterwards their hashes do.
func (s *scripts) load(ctx context.Context, rdb redis.UniversalClient) error {
	for _, r := range s.ofNode() {
		if err := (*r.script).Load(ctx, rdb).Err(); err != nil {
			return err
		}
	}
	return nil
}

// unloaded reports whether Redis has forgotten the scripts: it was started anew, or another server took over.
func unloaded(err error) bool { return redis.HasErrorPrefix(err, "NOSCRIPT") }
