package openai

import (
	"errors"

	"crs/internal/jsonscan"
)

// request is the members of a body that the relay must know. The rest is the upstream's business.
type request struct {
	model, stream, streamOptions           jsonscan.Part
	maxOutput, maxCompletion, maxTokens    jsonscan.Part
	messages, input, instructions          jsonscan.Part
	cacheKey, sessionID, conversationID    jsonscan.Part
	previousResponse, previousConversation jsonscan.Part
	n                                      jsonscan.Part // how many images
	tier                                   jsonscan.Part
	tools, quality, size                   jsonscan.Part // of images
}

// scan finds the members. One that decides something may not be there twice.
func scan(body []byte) (r request, err error) {
	want := jsonscan.Want
	err = jsonscan.Find(body, want("model", &r.model), want("stream", &r.stream), want("stream_options", &r.streamOptions),
		want("max_output_tokens", &r.maxOutput), want("max_completion_tokens", &r.maxCompletion), want("max_tokens", &r.maxTokens),
		want("messages", &r.messages), want("input", &r.input), want("instructions", &r.instructions),
		want("prompt_cache_key", &r.cacheKey), want("session_id", &r.sessionID), want("conversation_id", &r.conversationID),
		want("previous_response_id", &r.previousResponse), want("conversation", &r.previousConversation), want("n", &r.n), want("service_tier", &r.tier),
		want("tools", &r.tools), want("quality", &r.quality), want("size", &r.size))
	return r, refused(err, "")
}

// refused is what is wrong with an object of a request, in OpenAI's words; within is what stands before its members' names.
func refused(err error, within string) error {
	if err == nil {
		return nil
	}
	if twice, ok := errors.AsType[*jsonscan.DuplicateError](err); ok {
		return refuse("Duplicate parameter: '%s%s'.", within, twice.Name)
	}
	return refuse("%s", err)
}
