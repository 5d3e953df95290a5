package simulator

import (
	"math"
	"strconv"
	"strings"
)

// bedrockFailure is one kind of error that Bedrock answers. Inside a stream its name begins with a small letter.
type bedrockFailure struct {
	status  int
	word    string // which kind, in scripts; the first of a status has none
	kind    string
	message string
}

var bedrockFailures = []bedrockFailure{
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

const wrongSignature = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and " +
	"signing method. Consult the service documentation for details."

// bedrockNames are AWS's names for the errors that scripts for all providers name.
var bedrockNames = map[string]string{
	"invalid_request_error": "validationException", "rate_limit_error": "throttlingException", "permission_error": "accessDeniedException",
	"overloaded_error": "serviceUnavailableException", "timeout_error": "modelTimeoutException", "api_error": "internalServerException",
}

// findBedrock finds what an error status, or an exception inside a stream, is like.
func findBedrock(st *step) bedrockFailure {
	if st.verb == vError {
		f, _ := findException(st.word)
		return f
	}
	other := bedrockFailure{status: st.status, kind: "ValidationException", message: "The request could not be processed."}
	if st.status >= 500 {
		other.kind, other.message = "ServiceUnavailableException", "The service is unable to process your request. Please try again later."
	}
	for _, f := range bedrockFailures {
		switch {
		case f.status == st.status && f.word == st.word:
			return f
		case f.status == st.status && f.word == "":
			other = f // unless the word comes; it may be another provider's
		}
	}
	return other
}

// findException finds an exception by its name, or by the name scripts for all providers use.
func findException(name string) (_ bedrockFailure, known bool) {
	for _, f := range bedrockFailures {
		if strings.EqualFold(f.kind, or(bedrockNames[name], name)) {
			return f, true
		}
	}
	return bedrockFailure{status: 500, kind: or(name, "InternalFailure"), message: "Simulated " + name}, false
}

func (a *bedrock) failure(c *call, st *step) failure {
	f := findBedrock(st)
	r := failure{status: f.status, kind: f.kind, message: strings.ReplaceAll(f.message, "{model}", c.prompt.modelName())}
	if st.retryIn != 0 { // by default nothing says how long
		r.fields = c.keep(appendField(c.scratch, "Retry-After", strconv.Itoa(int(math.Ceil(st.retryIn.Seconds())))))
	}
	return r
}

func invalidInput(message string) *failure {
	return &failure{status: 400, kind: "ValidationException", message: message}
}

func (a *bedrock) refusal(c *call, f failure) reply {
	b := appendField(appendRequestIdentity(c), "x-amzn-ErrorType", f.kind+":http://internal.amazon.com/coral/com.amazon.bedrock/")
	r := reply{status: f.status, content: jsonType, fields: c.keep(append(b, f.fields...))}
	b = append(c.scratch, `{"message":`...)
	r.body = c.keep(append(appendText(b, f.message), '}'))
	return r
}

// errorEvent renders an exception.
func (a *bedrock) errorEvent(_ *call, kind string) []byte {
	f, known := findException(kind)
	if known {
		f.kind = strings.ToLower(f.kind[:1]) + f.kind[1:]
	}
	return exceptionFrame(f.kind, f.message)
}
