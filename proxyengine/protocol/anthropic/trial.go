package anthropic

import (
	"encoding/json"

	"crs/proxyengine/provider"
)

// Cheapest is the model that a trial asks for when none is named.
const Cheapest = "claude-haiku-4-5-20251001"

// Trial is a request for one token. It names the model unless that is "", as where it stands in the path.
func Trial(model string) []byte {
	fields := map[string]any{"max_tokens": 1, "messages": json.RawMessage(`[{"role":"user","content":"Hi"}]`)}
	if model != "" {
		fields["model"] = model
	}
	return provider.Encode(fields)
}
