package main

import (
	"cmp"
	"runtime/debug"
)

// These are set by the linker: -ldflags "-X main.version=1.2.3 -X main.releaseKey=RW… -X main.releaseFrom=https://…".
var (
	version     string
	releaseKey  string // the minisign public key that releases are verified with
	releaseFrom string // the directory that crs update reads unless it is told another
)

// versionOf is what was set, else the commit that the build was made from, else dev.
func versionOf() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	commit := set["vcs.revision"]
	commit = commit[:min(len(commit), 12)]
	if commit != "" && set["vcs.modified"] == "true" {
		commit += "-changed"
	}
	return cmp.Or(commit, "dev")
}
