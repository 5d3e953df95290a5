package translate

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

// wrapped marks an id that is written in base64, because a client's protocol does not allow the one the upstream gave:
// the client sends it back, and the upstream gets its own again.
const wrapped = "crsid_"

// shortID is how long an id may be everywhere.
const shortID = 40

// wrapID makes an id that Anthropic's clients take (letters, digits, _ and -), and that is not too long for anybody. What
// is in the history of such a client and is neither wrapped nor short was never given by an upstream behind this relay.
func wrapID(id string) string {
	if plainID(id) && len(id) <= shortID && !strings.HasPrefix(id, wrapped) {
		return id
	}
	return wrapped + base64.RawURLEncoding.EncodeToString([]byte(id))
}

// unwrapID gives the id that wrapID was given, and whether it was wrapped.
func unwrapID(id string) (string, bool) {
	rest, ok := strings.CutPrefix(id, wrapped)
	if !ok {
		return id, false
	}
	plain, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	if err != nil || wrapID(string(plain)) != id {
		return id, false // somebody else's
	}
	return string(plain), true
}

func plainID(id string) bool {
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return id != ""
}

// named gives every call an id that legal accepts, and no two the same one: some upstreams begin to count anew in every
// answer. An id stays what it is where it can.
func (c *conversation) named(legal func(*call) bool) {
	used, times := map[string]bool{}, map[string]int{}
	for i := range c.turns {
		for _, call := range c.turns[i].calls() {
			first := call.id
			for !legal(call) || used[call.id] {
				times[first]++
				call.id = another(first, times[first])
			}
			used[call.id] = true
		}
	}
}

// another gives the n-th of the ids that stand for one that cannot be used.
func another(id string, n int) string {
	switch {
	case plainID(id) && len(id) <= shortID-8:
		return id + "-" + strconv.Itoa(n+1)
	case !plainID(id) && len(id) <= 2*shortID && n == 1:
		return wrapID(id)
	}
	sum := sha256.Sum256([]byte(strconv.Itoa(n) + id))
	return "call_" + hex.EncodeToString(sum[:12])
}

// What the targets take as the id of a call.
func anthropicID(c *call) bool { return plainID(c.id) && len(c.id) <= 4*shortID }
func chatID(c *call) bool      { return c.id != "" && (len(c.id) <= shortID || c.own) }
func responsesID(c *call) bool { return c.id != "" && len(c.id) <= 64 }
func geminiID(c *call) bool    { return c.id != "" && len(c.id) <= 4*shortID }

// answerID makes the id of an answer from the one that the upstream gave it.
func answerID(prefix string, id text) text {
	for _, other := range [...]string{"msg_", "chatcmpl-", "resp_", "cmpl-"} {
		if rest, ok := bytes.CutPrefix(id, []byte(other)); ok && len(rest) > 0 {
			id = rest
			break
		}
	}
	return append(text(prefix), id...)
}
