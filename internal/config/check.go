package config

import (
	"cmp"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// check is a rule for text that a type alone does not express.
type check struct {
	want string
	pass func(text string) bool
}

// maxSocketPath is what the address of a Unix socket holds on the strictest system (macOS), its closing zero excluded.
const maxSocketPath = 103

var checks = map[string]check{
	"listen":       {"an address and port such as 127.0.0.1:3000", isListenAddress},
	"metrics":      {"an address and port such as 127.0.0.1:9464, or nothing; 0.0.0.0:9464 for every address of the machine", isOpenAddress},
	"path":         {"an absolute path", isPath},
	"path-or-none": {"an absolute path, or nothing", func(text string) bool { return text == "" || isPath(text) }},
	"socket":       {"an absolute path of at most " + strconv.Itoa(maxSocketPath) + " bytes", isSocketPath},
	"zone":         {"a time zone such as Europe/Berlin, or nothing", func(text string) bool { _, err := time.LoadLocation(text); return err == nil }},
	"url":          {"a URL such as https://api.example.com, without user, query or fragment", isURL},
	"networks":     {"addresses and networks such as 10.0.0.1,192.168.0.0/16, or nothing", isNetworks},
	"domains":      {"domains such as relay.example.com, in small letters, with commas between them, or nothing", isDomains},
	"email":        {"an address such as me@example.com, or nothing", isEmail},
	"prefix":       {"1 to 32 letters, digits, - and _", isPrefix},
	"user":         {"a name without spaces, or nothing", func(text string) bool { return !strings.ContainsAny(text, " \t\r\n") }},
	"redis":        {"a URL such as redis://127.0.0.1:6379/0, without a password (that goes into redis.password_file), or nothing", isRedisURL},
}

func isListenAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || strings.ContainsAny(host, " \t\r\n/@") {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// isOpenAddress wants the host to be said: what is served there has no password, so nobody should open it to everybody by
// leaving something out.
func isOpenAddress(text string) bool {
	host, _, _ := net.SplitHostPort(text)
	return text == "" || isListenAddress(text) && host != ""
}

func isPath(text string) bool {
	return filepath.IsAbs(text) && !strings.ContainsRune(text, 0)
}

func isSocketPath(text string) bool {
	return isPath(text) && len(text) <= maxSocketPath
}

// isURL accepts a base URL. One with a user, a query or a fragment would be shown with its secrets, or lose them when a
// path is added.
func isURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	_, err = strconv.ParseUint(cmp.Or(u.Port(), "0"), 10, 16)
	return err == nil && u.User == nil && !strings.ContainsAny(text, "?#")
}

func isPrefix(text string) bool {
	return text != "" && len(text) <= 32 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// isRedisURL refuses what would be shown with its secrets. Whether the rest makes sense the store says.
func isRedisURL(text string) bool {
	if text == "" {
		return true
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || !slices.Contains([]string{"redis", "redis-sentinel", "redis-cluster", "rediss", "rediss-sentinel", "rediss-cluster"}, scheme) {
		return false
	}
	user, hosts, named := strings.Cut(rest, "@")
	if !named {
		user, hosts = "", rest
	}
	return hosts != "" && !strings.ContainsAny(user, ":/") && !strings.ContainsAny(hosts, "@?# ")
}
