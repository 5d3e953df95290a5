package azure

import (
	"encoding/json"
	"time"

	"crs/lab/simulator/openai"
	"crs/lab/simulator/provider"
)

const (
	accessDenied = "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."
	noResource   = "Resource not found"
	tooFast      = "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded the call rate limit of your current OpenAI S0 pricing tier. Please retry after {seconds} seconds."

	// violation is what an error of the filters tells besides.
	violation = `{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"},"jailbreak":{"filtered":false,"detected":false},"self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}}}`
)

// failures are the errors that Azure has in words of its own.
func failures() []openai.Failure {
	return []openai.Failure{
		{Status: 400, Word: "content_filter", Code: "content_filter", Param: "prompt", Message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766"},
		{Status: 401, Code: "401", Message: accessDenied},
		{Status: 403, Code: "403", Message: "Access denied due to Virtual Network/Firewall rules."},
		{Status: 404, Code: "404", Message: noResource},
		{Status: 404, Word: "deployment", Code: "DeploymentNotFound", Message: "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again."},
		{Status: 429, Code: "429", Message: tooFast, Spent: "tokens", Reset: time.Minute},
		{Status: 429, Word: "rate", Code: "429", Message: tooFast, Spent: "tokens", Reset: time.Minute},
		{Status: 429, Word: "requests", Code: "429", Message: tooFast, Spent: "requests", Reset: time.Minute},
		{Status: 500, Code: "InternalServerError", Message: "Backend returned unexpected response. Please contact Microsoft for help."},
		{Status: 503, Code: "ServiceUnavailable", Message: "The service is temporarily unable to process your request. Please try again later."},
	}
}

// Kinds are the kinds of errors that scripts can name.
func Kinds() []provider.Kind { return provider.Kinds(openai.Failure.Named, failures()) }

// Failure is what an error status is like.
func (a *azure) Failure(c *provider.Call, st *provider.Step) provider.Failure {
	f := openai.Find(st, failures(), openai.Failures())
	lines := f.Retry(st)
	if f.Spent != "" {
		lines += provider.Field("x-ratelimit-remaining-"+f.Spent, "0")
	}
	failed := f.On(c, st, lines)
	if f.Word == "content_filter" {
		failed.Members = []any{"status", 400, "innererror", json.RawMessage(violation)}
	}
	return failed
}

// Refusal renders an error.
func (a *azure) Refusal(c *provider.Call, f provider.Failure) provider.Reply {
	said := openai.ErrorObject(f)
	if f.Kind == "" && f.Members == nil {
		said = provider.Object("code", f.Detail, "message", f.Message)
	}
	return openai.Refuse(f, identity(c), provider.Object("error", said))
}
