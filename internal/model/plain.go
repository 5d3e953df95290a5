package model

import "strings"

// places are what ids of Bedrock begin with that say where a model is served.
var places = []string{"us-gov.", "us.", "eu.", "apac.", "jp.", "au.", "ca.", "in.", "global."}

// makers are what may follow that: whose model it is.
var makers = []string{"anthropic.", "openai.", "amazon.", "meta.", "mistral.", "cohere.", "deepseek.", "qwen."}

// Plain is a model's name without what says who sells it, who made it and where it is served: claude-opus-5 of
// us.anthropic.claude-opus-5, anthropic/claude-opus-5, and of the ARN of a foundation model. An application's own profile tells no name.
func Plain(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	return without(makers, without(places, name))
}

// without cuts off the first of some beginnings, in letters of any size.
func without(beginnings []string, name string) string {
	for _, b := range beginnings {
		if len(name) > len(b) && strings.EqualFold(name[:len(b)], b) {
			return name[len(b):]
		}
	}
	return name
}
