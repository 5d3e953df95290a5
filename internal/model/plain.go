package model

import (
	"slices"
	"strings"
)

// places are what ids of Bedrock begin with that say where a model is served.
var places = []string{"us", "us-gov", "eu", "apac", "jp", "au", "ca", "in", "global"}

// CutPlace cuts off what says where a model of Bedrock is served: us and anthropic.claude-opus-5 of us.anthropic.claude-opus-5. The place
// is "" when the id does not say.
func CutPlace(id string) (place, rest string) {
	place, rest, ok := strings.Cut(id, ".")
	if !ok || !slices.Contains(places, place) {
		return "", id
	}
	return place, rest
}

// makers are what may follow that: whose model it is.
var makers = []string{"anthropic.", "openai.", "amazon.", "meta.", "mistral.", "cohere.", "deepseek.", "qwen."}

// Plain is a model's name without what says who sells it, who made it and where it is served, in letters of any size: claude-opus-5 of
// us.anthropic.claude-opus-5, anthropic/claude-opus-5, and of the ARN of a foundation model. An application's own profile tells no name.
func Plain(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	if place, rest, ok := strings.Cut(name, "."); ok && rest != "" && slices.Contains(places, strings.ToLower(place)) {
		name = rest
	}
	for _, maker := range makers {
		if len(name) > len(maker) && strings.EqualFold(name[:len(maker)], maker) {
			return name[len(maker):]
		}
	}
	return name
}
