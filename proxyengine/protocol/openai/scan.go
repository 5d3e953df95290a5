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
}

// scan finds the members. One that decides something may not be there twice.
func scan(body []byte) (r request, err error) {
	s := jsonscan.Top(body)
	for s.Next() {
		s.Keep(r.slot(s.Name()))
	}
	return r, refused(s.Err(), "")
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

func (r *request) slot(key []byte) *jsonscan.Part {
	switch string(key) {
	case "model":
		return &r.model
	case "stream":
		return &r.stream
	case "stream_options":
		return &r.streamOptions
	case "max_output_tokens":
		return &r.maxOutput
	case "max_completion_tokens":
		return &r.maxCompletion
	case "max_tokens":
		return &r.maxTokens
	case "n":
		return &r.n
	case "messages":
		return &r.messages
	case "input":
		return &r.input
	case "instructions":
		return &r.instructions
	case "prompt_cache_key":
		return &r.cacheKey
	case "session_id":
		return &r.sessionID
	case "conversation_id":
		return &r.conversationID
	case "previous_response_id":
		return &r.previousResponse
	case "conversation":
		return &r.previousConversation
	}
	return nil
}
