package simulator

import (
	"bytes"
	"net/url"
	"slices"
	"time"

	"crs/internal/usage"
)

// azure imitates a resource of Azure OpenAI: OpenAI's protocols with deployments, other credentials and filters.
type azure struct {
	usage   usage.Tokens
	badKeys []string

	responses, chat, embeddings                         endpoint // of the v1 surface, and of the preview
	deployedChat, deployedCompletion, deployedEmbedding endpoint
}

func newAzure(o Options) *azure {
	a := &azure{usage: o.Usage, badKeys: o.BadKeys}
	a.responses = endpoint{inference: true, admit: a.reading("input", ""), answer: a.answerResponse}
	a.chat = endpoint{inference: true, admit: a.reading("messages", ""), answer: a.answerChat}
	a.embeddings = endpoint{inference: true, admit: a.reading("input", ""), answer: a.answerEmbeddings}
	a.deployedChat = endpoint{inference: true, admit: a.reading("messages", deployedChat), answer: a.answerChat}
	a.deployedCompletion = endpoint{inference: true, admit: a.reading("prompt", deployedCompletion), answer: a.answerCompletion}
	a.deployedEmbedding = endpoint{inference: true, admit: a.reading("input", deployedEmbedding), answer: a.answerEmbeddings}
	return a
}

const (
	deployments        = "/openai/deployments/"
	deployedChat       = "/chat/completions"
	deployedCompletion = "/completions"
	deployedEmbedding  = "/embeddings"
)

func (a *azure) find(method, path []byte) *endpoint {
	switch string(path) {
	case "/openai/responses", "/openai/v1/responses":
		return on(method, "POST", &a.responses)
	case "/openai/v1/chat/completions":
		return on(method, "POST", &a.chat)
	case "/openai/v1/embeddings":
		return on(method, "POST", &a.embeddings)
	}
	rest, ok := bytes.CutPrefix(path, []byte(deployments))
	slash := bytes.IndexByte(rest, '/')
	if !ok || slash <= 0 {
		return nil
	}
	switch string(rest[slash:]) {
	case deployedChat:
		return on(method, "POST", &a.deployedChat)
	case deployedCompletion:
		return on(method, "POST", &a.deployedCompletion)
	case deployedEmbedding:
		return on(method, "POST", &a.deployedEmbedding)
	}
	return nil
}

// reading is an admission that reads the prompt from a field. under is what the path has behind the name of a
// deployment, which counts instead of the model that the request names.
func (a *azure) reading(field, under string) func(*call) *failure {
	return func(c *call) *failure {
		if f := a.identify(c); f != nil {
			return f
		}
		if !bytes.HasPrefix(c.path, []byte("/openai/v1/")) && !bytes.Contains(c.query, []byte("api-version=")) {
			return &failure{status: 404, detail: "404", message: noResource}
		}
		if under == "" {
			return readOpenAI(c, field)
		}
		return readDeployed(c, field, deployment(c.path, under))
	}
}

// deployment is the name of the deployment in a path.
func deployment(path []byte, under string) string {
	escaped := string(path[len(deployments) : len(path)-len(under)])
	name, err := url.PathUnescape(escaped)
	if err != nil {
		return escaped
	}
	return name
}

// identify finds out who calls.
func (a *azure) identify(c *call) *failure {
	key := c.field("api-key")
	if key == nil {
		key = c.bearer()
	}
	c.credential = string(key)
	c.account = c.credential
	if c.credential == "" || slices.Contains(a.badKeys, c.credential) {
		return &failure{status: 401, detail: "401", message: accessDenied}
	}
	return nil
}

const azureLimits = "x-ms-region: East US 2\r\nx-ratelimit-remaining-requests: 249\r\nx-ratelimit-remaining-tokens: 249000\r\n"

// appendAzureID begins the header lines of any answer in the scratch of c.
func appendAzureID(c *call) []byte {
	b := append(appendRequestID(c), "apim-request-id: "...)
	b = appendID(b, "", c.number)
	return append(b, '\r', '\n')
}

func (a *azure) fields(c *call) []byte { return c.keep(append(appendAzureID(c), azureLimits...)) }

func (a *azure) answerResponse(c *call, st *step) reply {
	return answerResponse(c, st, a.usage, a.fields(c))
}

func (a *azure) answerChat(c *call, st *step) reply {
	return answerChat(chat{call: c, step: st, tokens: st.openAITokens(a.usage), azure: true}, a.fields(c))
}

func (a *azure) answerCompletion(c *call, st *step) reply {
	return answerChat(chat{call: c, step: st, tokens: st.openAITokens(a.usage), azure: true, plain: true}, a.fields(c))
}

func (a *azure) answerEmbeddings(c *call, st *step) reply {
	return answerEmbeddings(c, st.openAITokens(a.usage), a.fields(c))
}

func (a *azure) failure(c *call, st *step) failure {
	f := findOpenAI(st, azureFailures, openAIFailures)
	b := f.appendRetry(c.scratch, st)
	if f.spent != "" {
		b = append(b, "x-ratelimit-remaining-"+f.spent+": 0\r\n"...)
	}
	failed := f.on(c, st, c.keep(b))
	if f.word == "content_filter" {
		failed.members = []byte(filtered)
	}
	return failed
}

func (a *azure) refusal(c *call, f failure) reply {
	if f.page {
		return challenge(c)
	}
	r := reply{status: f.status, content: jsonType}
	r.fields = c.keep(append(append(appendAzureID(c), "x-ms-region: East US 2\r\n"...), f.fields...))
	b := append(c.scratch, `{"error":`...)
	if f.kind == "" && f.members == nil {
		b = append(b, `{"code":`...)
		b = appendText(b, f.detail)
		b = append(b, `,"message":`...)
		b = append(appendText(b, f.message), '}')
	} else {
		b = appendError(b, f)
	}
	r.body = c.keep(append(b, '}'))
	return r
}

func (a *azure) errorEvent(c *call, kind string) []byte {
	return troubled(c, findOpenAI(&step{verb: vError, word: kind}, openAIFailures))
}

const (
	accessDenied = "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."
	noResource   = "Resource not found"

	harmless      = `"hate":{"filtered":false,"severity":"safe"},"self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}`
	contentFilter = `{` + harmless + `}`
	promptFilter  = `[{"prompt_index":0,"content_filter_results":{` + harmless + `,"jailbreak":{"filtered":false,"detected":false}}}]`
	filtered      = `,"status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"},"jailbreak":{"filtered":false,"detected":false},"self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}}}`
)

// azureFailures are the errors that Azure has in words of its own.
var azureFailures = []openAIFailure{
	{status: 400, word: "content_filter", code: "content_filter", param: "prompt", message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766"},
	{status: 401, code: "401", message: accessDenied},
	{status: 403, code: "403", message: "Access denied due to Virtual Network/Firewall rules."},
	{status: 404, code: "404", message: noResource},
	{status: 404, word: "deployment", code: "DeploymentNotFound", message: "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again."},
	{status: 429, code: "429", message: azureTooFast, spent: "tokens", reset: time.Minute},
	{status: 429, word: "rate", code: "429", message: azureTooFast, spent: "tokens", reset: time.Minute},
	{status: 429, word: "requests", code: "429", message: azureTooFast, spent: "requests", reset: time.Minute},
	{status: 500, code: "InternalServerError", message: "Backend returned unexpected response. Please contact Microsoft for help."},
	{status: 503, code: "ServiceUnavailable", message: "The service is temporarily unable to process your request. Please try again later."},
}

const azureTooFast = "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded the call rate limit of your current OpenAI S0 pricing tier. Please retry after {seconds} seconds."
