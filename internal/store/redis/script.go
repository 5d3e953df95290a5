package redis

import (
	"context"
	"crypto/sha1"
	_ "embed"
	"encoding/hex"
	"strings"

	"github.com/redis/go-redis/v9"
)

// script is a piece of Lua that Redis runs as one step. Every one names all its keys, which are of one hash slot.
type script struct{ text, sha string }

func newScript(parts ...string) script {
	text := strings.Join(parts, "\n")
	sum := sha1.Sum([]byte(text))
	return script{text: text, sha: hex.EncodeToString(sum[:])}
}

// The parts of the scripts.
var (
	//go:embed lua/guard.lua
	guardLua string
	//go:embed lua/clock.lua
	clockLua string
	//go:embed lua/check.lua
	checkLua string
	//go:embed lua/key.lua
	keyLua string
	//go:embed lua/admit.lua
	admitLua string
	//go:embed lua/settle.lua
	settleLua string
	//go:embed lua/raise.lua
	raiseLua string
	//go:embed lua/renew.lua
	renewLua string
	//go:embed lua/use.lua
	useLua string
	//go:embed lua/take.lua
	takeLua string
	//go:embed lua/free.lua
	freeLua string
	//go:embed lua/hold.lua
	holdLua string
	//go:embed lua/lock.lua
	lockLua string
	//go:embed lua/write.lua
	writeLua string
	//go:embed lua/steady.lua
	steadyLua string
	//go:embed lua/shift.lua
	shiftLua string
	//go:embed lua/mark.lua
	markLua string
)

// scripts are those of a node.
type scripts struct{ admit, settle, raise, renew, use, take, free, hold, lock, write, steady, shift script }

func newScripts() *scripts {
	timed := func(parts ...string) script {
		return newScript(append([]string{guardLua, clockLua, checkLua}, parts...)...)
	}
	return &scripts{
		admit: timed(keyLua, admitLua), settle: timed(keyLua, settleLua), raise: timed(keyLua, raiseLua), renew: timed(keyLua, renewLua),
		use: timed(keyLua, useLua), take: timed(takeLua), free: timed(freeLua), hold: timed(holdLua), lock: timed(lockLua),
		write: newScript(guardLua, writeLua), steady: newScript(guardLua, clockLua, steadyLua),
		shift: newScript(guardLua, clockLua, shiftLua),
	}
}

// all are those of a node, by the names that metrics have for them.
func (s *scripts) all() map[string]script {
	return map[string]script{
		"admit": s.admit, "settle": s.settle, "raise": s.raise, "renew": s.renew, "use": s.use, "take": s.take, "free": s.free, "hold": s.hold,
		"lock": s.lock, "write": s.write, "steady": s.steady, "shift": s.shift,
	}
}

// load gives Redis the texts, so that afterwards their hashes do.
func (s *scripts) load(ctx context.Context, rdb redis.UniversalClient) error {
	for _, x := range s.all() {
		if err := rdb.ScriptLoad(ctx, x.text).Err(); err != nil {
			return err
		}
	}
	return nil
}

// unloaded reports whether Redis has forgotten the scripts: it was started anew, or another server took over.
func unloaded(err error) bool { return redis.HasErrorPrefix(err, "NOSCRIPT") }
