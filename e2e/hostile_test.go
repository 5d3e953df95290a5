//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

// attack is one row of the suite: what a single key does to the relay for a while.
type attack struct {
	name string
	// prepare, if not nil, sets up what else the attack needs, such as accounts.
	prepare func(r *relay)
	// env is what the relay is configured with besides, header what the other key's requests carry.
	env, header []string
	// small: it has nothing to do with how much memory there is for bodies, and is tried with the default only.
	small bool
	// weigh, if not nil, tells what else there is to know when it is over.
	weigh func(r *relay) string
	// upstream, if not nil, answers the attacker's requests in the place of a provider.
	upstream upstream
	// run does it, in a process of its own with the lowest priority, again and again. It ends when a.life does.
	run func(a *attacker)
}

// attacks are all rows. An attack that another part of the relay has to bear is one more row.
var attacks = []attack{
	{name: "tiny-messages", run: tinyMessages},
	{name: "tiny-parts", small: true, run: tinyParts},
	{name: "tiny-tools", small: true, run: tinyTools},
	{name: "zstd-bombs", run: zstdBombs},
	{name: "gzip-bombs", run: gzipBombs},
	{name: "deflate-and-br-bombs", small: true, run: deflateBombs},
	{name: "medium-translations", small: true, run: mediumTranslations},
	{name: "deep-json", small: true, run: deepJSON},
	{name: "million-keys", small: true, run: manyKeys},
	{name: "fields-without-end", small: true, run: manyFields},
	{name: "huge-queries", small: true, run: hugeQueries},
	{name: "upgrades", small: true, run: upgrades},
	{name: "idle-connections", small: true, run: idleConnections},
	{name: "held-requests", upstream: saysNothing, run: heldRequests},
	{name: "tiny-streams", small: true, upstream: wordByWord, run: tinyStreams},
	{name: "unread-refusals", small: true, run: unreadRefusals},
	{name: "spent-key-uploads", small: true, prepare: spent, run: spentUploads},
	{name: "trickled-uploads", small: true, run: trickledUploads},
	{name: "trickled-chunks", small: true, run: trickledChunks},
	{name: "endless-chunk-extensions", small: true, run: endlessExtensions},
	{name: "chunks-of-a-byte", small: true, run: chunksOfAByte},
	{name: "chunked-uploads", run: chunkedUploads},
	{name: "slow-readers", upstream: largeAnswer, run: slowReaders},
	{name: "slow-readers-of-translations", upstream: largeAnswer, run: slowReadersOfTranslations},
	{name: "readers-that-leave", upstream: largeAnswer, run: readersThatLeave},
	{name: "upstream-gzip-bomb", upstream: bombAnswer, run: asksHostileUpstream},
	{name: "upstream-endless-line", upstream: endlessLine, run: asksHostileUpstream},
	{name: "upstream-endless-json", upstream: endlessJSON, run: asksHostileUpstream},
	{name: "upstream-endless-head", small: true, upstream: endlessHead, run: asksHostileUpstream},
	{name: "upstream-endless-chunk-extension", small: true, upstream: endlessExtension, run: asksHostileUpstream},
	{name: "long-words-in-heads", small: true, run: longWords},
	{name: "nine-megabyte-names", small: true, run: longNames, weigh: kept},
	{name: "invented-models", small: true, run: inventedModels, weigh: kept},
	{name: "missing-models-claude", small: true, run: missingModels, weigh: kept, prepare: refusing("claude-console", 404, "",
		`{"type":"error","error":{"type":"not_found_error","message":"model: claude-sonnet-99"}}`)},
	{name: "missing-models-bedrock", small: true, run: missingModels, weigh: kept, prepare: refusing("bedrock", 400, "ValidationException",
		`{"message":"The provided model identifier is invalid."}`, "--region", "us-east-1", "--auth", "bearer")},
	{name: "missing-deployments-azure", small: true, run: missingDeployments, weigh: kept, prepare: refusing("azure-openai", 404, "",
		`{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}`, "--map", "claude-sonnet-4-5=gpt-5.5")},
	{name: "requests-that-break-the-upstream", small: true, run: brokenUpstream, prepare: refusing("claude-console", 500, "",
		`{"type":"error","error":{"type":"api_error","message":"Internal server error"}}`)},
	{name: "bad-keys", small: true, run: badKeys, env: []string{"CRS_LIMITS_TRUSTED_PROXIES=127.0.0.1"}, header: officeAddress},
}

// budgets are the values of limits.body_budget that every attack is tried with.
var budgets = []struct {
	name  string
	bytes int64
	env   []string
}{
	{"128MiB", 128 << 20, []string{"CRS_LIMITS_BODY_BUDGET=128MiB"}},
	{"default", 512 << 20, nil},
}

// beyondBudget is what the process may hold besides limits.body_budget.
const beyondBudget = 150 << 20

// again is how many more times a row is played that was slower than it may be: what the machine did besides does not come again, and what
// the relay does comes each time.
const again = 4

// TestHostile: one key attacks, and another key's small requests are served as before it, in bounded memory. It prints a
// row for each attack and budget.
func TestHostile(t *testing.T) {
	if os.Getenv("CRS_TEST_SUITE") != "hostile" {
		t.Skip("it has a target of its own: make hostile")
	}
	fmt.Println(rowTitle)
	for _, a := range attacks {
		for _, b := range budgets {
			if a.small && b.env != nil {
				continue
			}
			t.Run(a.name+"/"+b.name, func(t *testing.T) {
				s := stage(t, a, slices.Concat(a.env, b.env))
				row := s.play(a, b.name)
				fmt.Println(row)
				for range again {
					if row.slower() == "" {
						break
					}
					row = s.play(a, b.name)
					fmt.Println(row)
				}
				row.check(t, b.bytes)
			})
		}
	}
}

// TestHostileAttacker is no test: it is how the suite runs an attack, or the upstream for one, in another process.
func TestHostileAttacker(t *testing.T) {
	for _, a := range attacks {
		switch a.name {
		case os.Getenv("CRS_HOSTILE_ATTACK"):
			attackHere(t, a)
		case os.Getenv("CRS_HOSTILE_UPSTREAM"):
			answerHere(t, a)
		}
	}
}
