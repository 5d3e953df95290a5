package bedrock

import (
	"cmp"
	"strings"

	"crs/lab/simulator/provider"
)

// failure is one kind of error that Bedrock answers. Inside a stream its name begins with a small letter.
type failure struct {
	status  int
	word    string // which kind, in scripts; the first of a status has none
	kind    string
	message string
}

// failures are the kinds there are.
func failures() []failure {
	return []failure{
		{400, "", "ValidationException", malformed},
		{400, "quota", "ServiceQuotaExceededException", "Your request exceeds the service quota for your account."},
		{400, "ondemand", "ValidationException", "Invocation of model ID {model} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model."},
		{400, "long", "ValidationException", "Input is too long for requested model."},
		{403, "", "AccessDeniedException", "You don't have access to the model with the specified model ID."},
		{403, "expired", "ExpiredTokenException", "The security token included in the request is expired"},
		{403, "unknown", "UnrecognizedClientException", "The security token included in the request is invalid."},
		{403, "signature", "InvalidSignatureException", wrongSignature},
		{404, "", "ResourceNotFoundException", "Could not resolve the foundation model from the provided model identifier."},
		{408, "", "ModelTimeoutException", "The model request timed out."},
		{424, "", "ModelErrorException", "The model returned an error while processing the request."},
		{424, "stream", "ModelStreamErrorException", "The system encountered an unexpected error during processing. Try your request again."},
		{429, "", "ThrottlingException", "Too many requests, please wait before trying again."},
		{429, "tokens", "ThrottlingException", "Too many tokens, please wait before trying again."},
		{429, "day", "ThrottlingException", "Too many tokens per day, please wait before trying again."},
		{429, "ready", "ModelNotReadyException", "The model is not ready to serve inference requests. Wait and try your request again."},
		{500, "", "InternalServerException", "The system encountered an unexpected error during processing. Try your request again."},
		{503, "", "ServiceUnavailableException", "The service is unable to process your request. Please try again later."},
	}
}

const wrongSignature = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and " +
	"signing method. Consult the service documentation for details."

func (f failure) named() provider.Kind { return provider.Kind{Status: f.status, Word: f.word} }

// Kinds are the kinds of errors that scripts can name.
func Kinds() []provider.Kind { return provider.Kinds(failure.named, failures()) }

// nameOf is AWS's name for an error that scripts for all providers name.
func nameOf(name string) string {
	return map[string]string{
		"invalid_request_error": "validationException", "rate_limit_error": "throttlingException", "permission_error": "accessDeniedException",
		"overloaded_error": "serviceUnavailableException", "timeout_error": "modelTimeoutException", "api_error": "internalServerException",
	}[name]
}

// find finds what an error status is like, or an exception on a request that is no stream.
func find(st *provider.Step) failure {
	if st.Verb == provider.DoError {
		f, _ := findException(st.Word)
		return f
	}
	f, found := provider.Choose(st, failure.named, failures())
	switch {
	case found:
		return f
	case st.Status >= 500:
		return failure{status: st.Status, kind: "ServiceUnavailableException", message: "The service is unable to process your request. Please try again later."}
	}
	return failure{status: st.Status, kind: "ValidationException", message: "The request could not be processed."}
}

// findException finds an exception by its name, or by the name scripts for all providers use.
func findException(name string) (_ failure, known bool) {
	for _, f := range failures() {
		if strings.EqualFold(f.kind, cmp.Or(nameOf(name), name)) {
			return f, true
		}
	}
	return failure{status: 500, kind: cmp.Or(name, "InternalFailure"), message: "Simulated " + name}, false
}

// Failure is what an error status is like.
func (a *bedrock) Failure(c *provider.Call, st *provider.Step) provider.Failure {
	f := find(st)
	r := provider.Failure{Status: f.status, Kind: f.kind, Message: strings.ReplaceAll(f.message, "{model}", c.Prompt.Model)}
	if st.RetryIn != 0 { // by default nothing says how long
		r.Header = provider.IntField("Retry-After", provider.Seconds(st.RetryIn))
	}
	return r
}

func invalid(message string) *provider.Failure {
	return &provider.Failure{Status: 400, Kind: "ValidationException", Message: message}
}

// Refusal renders an error.
func (a *bedrock) Refusal(c *provider.Call, f provider.Failure) provider.Reply {
	lines := identity(c) + provider.Field("x-amzn-ErrorType", f.Kind+":http://internal.amazon.com/coral/com.amazon.bedrock/") + f.Header
	return provider.Reply{Status: f.Status, Content: provider.JSONType, Header: lines, Body: provider.Object("message", f.Message)}
}
