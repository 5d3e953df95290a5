package tui

import "slices"

// platform is one that accounts can be on, as far as a form must know it. The daemon decides what there is.
type platform struct {
	name, what string
	ways       []way
	saved      string // the file that its client keeps its login in
	options    []option
}

// way is how an account gets its credential.
type way string

const (
	byKey     way = "key"
	byBrowser way = "browser"
	byToken   way = "setup-token"
	byDevice  way = "device"
	byFile    way = "file"
)

func (w way) String() string {
	return map[way]string{
		byKey: "an API key", byBrowser: "log in in the browser", byToken: "log in, for a token that lasts a year",
		byDevice: "log in on another device", byFile: "import what its client saved",
	}[w]
}

// option is a field that only some platforms have.
type option struct {
	name, title string
	values      []string // the only ones; nil for any
	needed      bool
}

func platforms() []platform {
	claudeAuth := option{name: "auth", title: "key is sent as", values: []string{"auto", "x-api-key", "bearer", "both"}}
	return []platform{
		{name: "claude", what: "a Claude subscription", ways: []way{byBrowser, byToken, byFile}, saved: "~/.claude/.credentials.json"},
		{name: "claude-console", what: "Anthropic's API, or one that speaks it", ways: []way{byKey}, options: []option{claudeAuth}},
		{name: "bedrock", what: "Claude on AWS Bedrock", ways: []way{byKey}, options: []option{
			{name: "region", title: "AWS region", needed: true}, {name: "geo", title: "may move within", values: []string{"", "us", "eu", "apac", "jp", "au", "global", "none"}},
			{name: "auth", title: "credential is", values: []string{"auto", "bearer", "sigv4"}},
		}},
		{name: "openai", what: "a ChatGPT subscription, as Codex uses it", ways: []way{byBrowser, byDevice, byFile}, saved: "~/.codex/auth.json"},
		{name: "openai-responses", what: "OpenAI's API, or one that speaks it", ways: []way{byKey}, options: []option{
			{name: "organization", title: "organization"}, {name: "project", title: "project"},
		}},
		{name: "azure-openai", what: "an Azure OpenAI resource", ways: []way{byKey}, options: []option{
			{name: "deployment", title: "deployment"}, {name: "api-version", title: "API version"}, {name: "surface", title: "surface", values: []string{"", "v1", "classic"}},
		}},
		{name: "gemini", what: "a Google login, as Gemini CLI uses it", ways: []way{byBrowser, byFile}, saved: "~/.gemini/oauth_creds.json", options: []option{{name: "project", title: "project"}}},
		{name: "gemini-api", what: "a Gemini API key", ways: []way{byKey}},
		{name: "droid", what: "a Factory login, or its API key", ways: []way{byDevice, byKey, byFile}, saved: "~/.factory/auth.json"},
	}
}

// findPlatform gives one that is not known here every way there is: the daemon says which it cannot do.
func findPlatform(name string) platform {
	all := platforms()
	if i := slices.IndexFunc(all, func(p platform) bool { return p.name == name }); i >= 0 {
		return all[i]
	}
	return platform{name: name, ways: []way{byKey, byBrowser, byDevice, byFile}}
}
