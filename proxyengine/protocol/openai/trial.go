package openai

import "crs/proxyengine/provider"

// Trial is a request for a word. It names the model unless that is "", as where it stands in the path. Some models think before they
// speak, and fail when they may not.
func Trial(model string) []byte {
	fields := map[string]any{"max_completion_tokens": 256, "messages": []map[string]string{{"role": "user", "content": "Say: hi"}}}
	if model != "" {
		fields["model"] = model
	}
	return provider.Encode(fields)
}
