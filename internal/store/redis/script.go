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
	//go:embed lua/clock.lua
	clockLua string
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
)

// scripts are those of a node.
type scripts struct{ admit, settle, raise, renew, use, take, free, hold, lock script }

func newScripts() *scripts {
	return &scripts{
		admit: newScript(clockLua, keyLua, admitLua), settle: newScript(clockLua, keyLua, settleLua),
		raise: newScript(clockLua, keyLua, raiseLua), renew: newScript(clockLua, keyLua, renewLua), use: newScript(clockLua, keyLua, useLua),
		take: newScript(clockLua, takeLua), free: newScript(freeLua), hold: newScript(clockLua, holdLua), lock: newScript(clockLua, lockLua),
	}
}

// load gives Redis the texts, so that afterwards their hashes do.
func (s *scripts) load(ctx context.Context, rdb redis.UniversalClient) error {
	for _, x := range []script{s.admit, s.settle, s.raise, s.renew, s.use, s.take, s.free, s.hold, s.lock} {
		if err := rdb.ScriptLoad(ctx, x.text).Err(); err != nil {
			return err
		}
	}
	return nil
}

// unloaded reports whether Redis has forgotten the scripts: it was started anew, or another server took over.
func unloaded(err error) bool { return redis.HasErrorPrefix(err, "NOSCRIPT") }
