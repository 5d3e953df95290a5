// Package simulator is an upstream that behaves like the real providers and fails on command.
//
// Tests, `crs mock`, `crs demo` and the benchmarks talk to it over real sockets. It answers in a provider's exact wire
// shapes, bills fixed token counts, records what it saw, and a script says how each request is to be answered.
//
// # Scripts
//
//	529*2,ok                        two overload errors, then success for ever
//	sk-a=429(5h,reset=30m); sk-b=ok one entry for each credential
//	loop:ok*9,reset                 every tenth connection is reset
//	/v1/oauth/token=500*2           an entry for a path
//
// Entries are separated by ";" or a newline, steps by ",". "*N" repeats a step, "loop:" starts again at the end; without
// it every request after the last step is answered ok. An entry named by a credential is for that credential. An entry
// named by a path is for all requests to that path. The entry without a name is for the inference requests of all other
// credentials, each of which walks it on its own. "#" starts a comment. A step is drawn only for a request that the
// provider would have answered: bad credentials and unreadable bodies are refused first, and leave the script alone.
//
// An account is known by the credential it presents. An OAuth account keeps the name of its first access token when the
// token rotates, so that a script and the figures stay with it.
//
// Steps:
//
//	ok                      success
//	400 401 … 529           an error status of any provider; a word in parentheses chooses which kind (see below), reset=30m and
//	                        retry=30s what a 429 announces
//	slow(2s)                the status line comes late
//	stall(after=N,for=3s)   headers and N events, then silence; without "for" until the client leaves
//	cut(after=N)            the connection is closed after N events (or in the middle), the end of the body never comes
//	reset(after=N)          TCP reset after N events, or before any byte
//	refuse                  the connection is closed without an answer
//	drip(20ms)              the body comes one byte at a time
//	error(TYPE,after=N)     an error event inside a 200, first or after N content events
//	huge(4MB)               one event with that much data
//	gzip, gzip(silent)      gzip although nobody asked, without content-encoding when silent
//	crlf                    lines of the event stream end in CRLF
//	split                   the body comes in fragments that cut lines, events and characters
//	garbage, garbage(json), garbage(html)   no HTTP, broken JSON in a 200, an HTML page in a 200
//	nolength                neither length nor chunks: the body ends with the connection
//	empty                   a 200 without a body
//	random(SEED)            a fault or ok by chance, the same for the same seed; random(7,ok=80) and random(7,ok=3,cut=1) weigh them
//
// Kinds of errors: 400 credit, long, claude-code, third-party, disabled; 403 banned, oauth; 429 5h and 7d (the whole
// subscription, by its unified headers), 7d_oi, opus and sonnet (one model family), unified (no window named), bare (no
// header at all), extra, spend. A 429 without a word has retry-after, and the spent limits of an API key.
//
// Steps that answer also take: events=50 (content events), gap=20ms (before each event but the first), text="…",
// size=64KB (of the text), input= output= cache_read= cache_write= cache_write_1h= reasoning= (tokens billed), thinking,
// tool, and 5h=0.97 7d=0.5 (utilization in the rate limit headers of a subscription).
//
// # OpenAI
//
// With a bearer key, as api.openai.com: POST /v1/responses, /v1/responses/compact, /v1/chat/completions, /v1/completions,
// /v1/embeddings, /v1/images/generations and /v1/images/edits (JSON or a form), GET /v1/models (which is Anthropic's for
// whoever sends anthropic-version or x-api-key).
//
// With a ChatGPT login, as Codex has one: POST /backend-api/codex/responses (a stream, store false, input a list, none of
// the fields that the real one does not take; the body may be packed with zstd) and /backend-api/codex/responses/compact,
// GET /backend-api/codex/models and /backend-api/wham/usage. Once there are logins of the vendor OpenAI, a token must be
// one of theirs and chatgpt-account-id must be there.
//
// With the api-key field or a bearer token, as Azure: POST /openai/deployments/NAME/chat/completions, …/completions and
// …/embeddings and /openai/responses, all with api-version in the query, and without it /openai/v1/responses,
// /openai/v1/chat/completions and /openai/v1/embeddings. A deployment answers in its own name, and a chat tells what the
// filters found.
//
// As Factory's Droid, with a bearer token that begins with fk- or is of a login of the vendor WorkOS: POST
// /api/llm/a/v1/messages and …/count_tokens (Anthropic's answers), /api/llm/o/v1/responses and /api/llm/o/v1/chat/completions
// (OpenAI's), all with x-factory-client: cli, x-session-id and the x-api-provider that serves the model; GET /api/cli/org.
//
// As Vertex AI: POST /vertex/token gives tokens to service accounts that AddService made known, POST
// /v1/projects/P/locations/L/publishers/anthropic/models/MODEL:rawPredict and :streamRawPredict answer as Anthropic does, and
// …/publishers/google/models/MODEL:generateContent, :streamGenerateContent and :countTokens as Gemini does, which takes an API
// key, too. The model count-tokens counts those of Anthropic's.
//
// On the wire the input includes what was read from the cache and written to it, and the output the reasoning. There is one
// kind of cache writes: cache_write_1h= is not billed. With thinking half of the output is reasoning, unless reasoning=
// says otherwise. Embeddings bill input only, pictures input and output.
//
// Kinds of errors, besides those above: 400 long, encrypted, previous, invalid_prompt, cyber_policy, model (Codex),
// content_filter (Azure); 401 deactivated, invalidated (Codex); 403 model, html (Cloudflare's page); 404 model, deployment
// (Azure); 429 rate and requests (short), quota, and of Codex 5h and 7d (the plan is used up until reset=) and
// usage_not_included; 503 capacity, slow_down. A 429 without a word is a short one. error takes a code of OpenAI's, a word of
// these or Anthropic's type: in a response stream it is response.failed, with the word "event" the error event that the real
// one sends, with "flat" the one of its documentation; in a chat it is an error object.
package simulator
