package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"crs/ctl"
)

// platform is one that accounts can be on, as far as help and completion must know it. The daemon decides what there is.
type platform struct {
	name, what string
	key        bool   // an account is added with an API key
	login      bool   // or logged into
	saved      string // or imported from this file
}

func platforms() []platform {
	return []platform{
		{name: "claude", what: "a Claude subscription", login: true, saved: "~/.claude/.credentials.json"},
		{name: "claude-console", what: "an Anthropic API key, or any endpoint with that API", key: true},
		{name: "bedrock", what: "Claude on AWS Bedrock", key: true},
		{name: "openai", what: "a ChatGPT subscription, as Codex uses it", login: true, saved: "~/.codex/auth.json"},
		{name: "openai-responses", what: "an OpenAI API key, or any endpoint with that API", key: true},
		{name: "azure-openai", what: "an Azure OpenAI resource", key: true},
		{name: "gemini", what: "a Google login, as Gemini CLI uses it", login: true, saved: "~/.gemini/oauth_creds.json"},
		{name: "gemini-api", what: "a Gemini API key", key: true},
		{name: "droid", what: "a Factory login, or its API key", key: true, login: true, saved: "~/.factory/auth.json"},
	}
}

// platformsThat are the words for the first argument of a command that adds accounts in one way.
func platformsThat(can func(*platform) bool) completer {
	return func(context.Context) []string {
		all := slices.DeleteFunc(platforms(), func(p platform) bool { return !can(&p) })
		return names(all, nil, func(p *platform) string { return p.name + "\t" + p.what })
	}
}

// platformFlag is a flag for an option that only some platforms know.
type platformFlag struct {
	name, usage string
	platforms   []string
	values      []string // the only ones; nil for any
}

func platformFlags() []platformFlag {
	return []platformFlag{
		{"region", "`REGION` of AWS, such as us-east-1", []string{"bedrock"}, nil},
		{"geo", "`GEO` within which AWS may move a request: us, eu, apac, jp, au, global or none; that of the region if none is given", []string{"bedrock"}, []string{"us", "eu", "apac", "jp", "au", "global", "none"}},
		{"deployment", "`NAME` of the deployment that requests go to whose model is in no --map", []string{"azure-openai"}, nil},
		{"api-version", "`VERSION` of the API, such as 2024-10-21", []string{"azure-openai"}, nil},
		{"surface", "`WHICH` of the resource's APIs: classic, responses-preview or v1", []string{"azure-openai"}, []string{"classic", "responses-preview", "v1"}},
		{"organization", "`ID` of the organization that pays", []string{"openai-responses"}, nil},
		{"project", "`ID` of the project that requests belong to", []string{"gemini", "openai-responses"}, nil},
		{"auth", "`HOW` its credential is sent: auto, x-api-key, bearer or both; auto, bearer or sigv4; api-key or bearer", []string{"claude-console", "bedrock", "azure-openai"}, []string{"auto", "x-api-key", "bearer", "both", "sigv4", "api-key"}},
	}
}

// optionFlags are the values of platformFlags, by name.
type optionFlags map[string]*string

func (f *optionFlags) addTo(cmd *cobra.Command) {
	*f = optionFlags{}
	for _, p := range platformFlags() {
		(*f)[p.name] = cmd.Flags().String(p.name, "", p.usage+" ("+strings.Join(p.platforms, ", ")+")")
		if p.values != nil {
			complete(cmd, p.name, fixed(p.values...))
		}
	}
}

// given reports whether any was.
func (f optionFlags) given(flags *pflag.FlagSet) bool {
	return slices.ContainsFunc(platformFlags(), func(p platformFlag) bool { return flags.Changed(p.name) })
}

// over lays those that were given over the options that an account of a platform has; an empty one takes the old one away.
func (f optionFlags) over(old map[string]string, flags *pflag.FlagSet, platform string) (map[string]string, error) {
	options := map[string]string{}
	for name, value := range old {
		options[name] = value
	}
	for _, p := range platformFlags() {
		switch value := *f[p.name]; {
		case !flags.Changed(p.name):
		case !slices.Contains(p.platforms, platform):
			return nil, ctl.Errorf(ctl.BadRequest, "--%s says nothing about an account on platform %s", p.name, platform).
				WithHint("it is for: %s", strings.Join(p.platforms, ", "))
		case value == "":
			delete(options, p.name)
		default:
			options[p.name] = value
		}
	}
	return options, nil
}
