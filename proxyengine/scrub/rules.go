package scrub

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// What stands in the place of what was taken out.
const (
	Credential   = "[credential]"
	Organization = "[organization]"
	Project      = "[project]"
	Account      = "[account]"
	Resource     = "[resource]"
	Address      = "[address]"
	Mail         = "[e-mail]"
	Path         = "[path]"
)

// rule is what something of the operator's looks like.
type rule struct {
	word string
	// hints are texts, in small letters, of which one is in everything that the shape fits. They and sign keep a text from being
	// read once for each rule.
	hints []string
	// sign tells whether a text has what the shape cannot do without where no hint says enough; nil where one does.
	sign func(text string) bool
	// shape has the part that goes as its first group, else all of it goes.
	shape *regexp.Regexp
	// unless spares what only looks like it.
	unless func(match string) bool
}

const uuid = `[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`

// keyShape is a key to the relay.
var keyShape = regexp.MustCompile(`(?i)cr_[A-Za-z0-9_-]+`)

// is is what stands between a name and its value.
const is = `["'\]]*\s*[=:]\s*["'\[(]*`

var rules = []rule{
	{Credential, []string{"sk-", "pk-", "rk-", "fk-", "ak-"}, nil, regexp.MustCompile(`\b[sprfa]k-[A-Za-z0-9_*.…•-]*[A-Za-z0-9*…•]`), short(6)},
	{Credential, []string{"cr_"}, nil, keyShape, short(11)},
	{Credential, []string{"aiza"}, nil, regexp.MustCompile(`AIza[A-Za-z0-9_*.…•-]*[A-Za-z0-9_*…•-]`), nil},
	{Credential, []string{"ya29."}, nil, regexp.MustCompile(`ya29\.[A-Za-z0-9_*.…•-]*[A-Za-z0-9_*…•-]`), nil},
	{Credential, []string{"1//"}, nil, regexp.MustCompile(`\b1//[A-Za-z0-9_-]+`), nil},
	{Credential, []string{"gho_", "ghp_", "ghs_", "ghu_", "github_pat_"}, nil, regexp.MustCompile(`\b(?:gh[opsu]|github_pat)_[A-Za-z0-9_]{16,}`), nil},
	{Account, []string{"apikey_"}, nil, regexp.MustCompile(`\bapikey_[A-Za-z0-9]{8,}`), nil},
	{Credential, []string{"gocspx-"}, nil, regexp.MustCompile(`GOCSPX-[A-Za-z0-9_-]+`), nil},
	{Credential, []string{"eyj"}, nil, regexp.MustCompile(`eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*`), short(12)},
	{Credential, []string{"akia", "asia", "abia", "acca", "aida", "aroa"}, nil, regexp.MustCompile(`\b(?:AKIA|ASIA|ABIA|ACCA|AIDA|AROA)[A-Z0-9*.…•]*[A-Z0-9*…•]`), short(8)},
	{Credential, []string{"absk", "bedrock-api-key-"}, nil, regexp.MustCompile(`(?:\bABSK|bedrock-api-key-)[A-Za-z0-9+/=_-]+`), nil},
	{Credential, []string{"bearer", "basic"}, nil, regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+([A-Za-z0-9._~+/=*-]+)`), noDigit},
	{Credential, []string{"x-amz-"}, nil, regexp.MustCompile(`(?i)x-amz-(?:security-token|signature|credential)` + is + `([^\s"'&,;\\]+)`), nil},
	{Credential, []string{"signature="}, nil, regexp.MustCompile(`\bSignature=([0-9a-f]+)`), nil},
	{Credential, []string{"key", "token", "secret", "password"}, nil, regexp.MustCompile(`(?i)\b(?:api[ _-]?key|access[ _-]?key|secret[ _-]?key|access[ _-]?token|refresh[ _-]?token|id[ _-]?token|client[ _-]?secret|password)(?: provided)?` + is + `([^\s"',;&<>{}()\[\]]*[^\s"',;&<>{}()\[\].])`), noDigit},
	{Credential, []string{"***"}, nil, regexp.MustCompile(`[A-Za-z0-9_-]*\*\*\*+[A-Za-z0-9_-]*`), noLetter},

	{Organization, []string{"org-", "org_"}, nil, regexp.MustCompile(`\borg[-_][A-Za-z0-9]+`), looksLikeWords},
	{Organization, []string{"user-"}, nil, regexp.MustCompile(`\buser-[A-Za-z0-9]+`), looksLikeWords},
	{Organization, []string{"wrkspc_"}, nil, regexp.MustCompile(`\bwrkspc_[A-Za-z0-9]+`), nil},
	{Account, []string{"acct"}, nil, regexp.MustCompile(`\bacct[-_][A-Za-z0-9_-]+`), nil},
	{Organization, []string{"org", "workspace", "tenant", "account", "subscription", "project", "principal"}, nil, regexp.MustCompile(`(?i)(?:org|workspace|tenant|account|subscription|project|principal)[a-z'’_ -]*["'\x60\s:=(\[]*(` + uuid + `)`), nil},
	{Organization, []string{"organi"}, nil, regexp.MustCompile(`(?i)\borgani[sz]ation(?:[ _-]?(?:id|uuid|name))?(?:` + is + `|\s+["'“])([^\s"'”,;&<>{}()\[\]][^"'”,;&<>{}()\[\]]*)`), nil},
	{Organization, []string{"in organi"}, nil, regexp.MustCompile(`\bin organi[sz]ation (\S(?:.{0,80}?\S)?) on (?:tokens|requests|images|audio)\b`), nil},
	{Account, []string{"iam "}, nil, regexp.MustCompile(`\bIAM (?:user|role):? ["'\x60]?([A-Za-z0-9+=,.@_-]+)["'\x60]? (?:is not|does not|cannot|has no)`), nil},
	{Project, []string{"proj_"}, nil, regexp.MustCompile(`\bproj_[A-Za-z0-9]+`), nil},
	{Project, []string{"projects/"}, nil, regexp.MustCompile(`\bprojects/([^\s/"'<>,;:&?)\]]+)`), nil},
	{Project, []string{"project"}, nil, regexp.MustCompile(`(?i)\bproject(?:[ _-]?(?:id|number))?` + is + `([^\s"',;&<>{}()\[\]]+)`), nil},
	{Project, []string{"project"}, nil, regexp.MustCompile(`(?i)\bproject(?:[ _-]?(?:id|number))?\s+["']?([a-z0-9][a-z0-9-]*[0-9])\b`), nil},
	{Project, []string{"project"}, nil, regexp.MustCompile(`(?i)\bproject\s+["'“]([^"'”]+)["'”]`), nil},

	{Resource, []string{"arn:"}, nil, regexp.MustCompile(`\barn:[a-z-]*:[^\s"'<>,;)}\]\\]+`), nil},
	{Account, nil, fourDigits, regexp.MustCompile(`\b(?:[0-9]{12}|[0-9]{4}-[0-9]{4}-[0-9]{4})\b`), nil},
	{Resource, []string{"/subscriptions/", "/resourcegroups/"}, nil, regexp.MustCompile(`(?i)/(?:subscriptions|resourceGroups)/[^\s"'<>,;)\]]+`), nil},
	{Resource, []string{"/deployments/"}, nil, regexp.MustCompile(`(?i)/deployments/([^\s/"'<>,;?)\]]+)`), nil},

	{Address, []string{"://"}, nil, regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s"'<>\\)\]}]+`), public},
	{Address, nil, dottedDigits, regexp.MustCompile(`\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?::[0-9]+)?\b`), nil},
	{Address, nil, colons, regexp.MustCompile(`(?:^|[^\w:.-])([0-9A-Fa-f]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)(?:\W|$)`), noAddress},
	{Address, []string{"localhost"}, nil, regexp.MustCompile(`(?i)\blocalhost(?::[0-9]+)?`), nil},
	{Address, nil, port, regexp.MustCompile(`(?i)\b(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*:[0-9]{2,5}\b`), nil},
	{Address, []string{"lookup", "dial ", "host", "upstream", "server", "proxy", "backend"}, nil, regexp.MustCompile(`(?i)\b(?:lookup|dial (?:tcp|udp)[46]?|hostname|host|upstream|server|proxy|backend)(?:` + is + `|\s+["']?)([a-z0-9_-]+(?:\.[a-z0-9_-]+)+(?::[0-9]+)?|[a-z0-9_-]+:[0-9]+)`), publicHost},
	{Address, []string{"lookup "}, nil, regexp.MustCompile(`(?i)\blookup ([a-z0-9_-]+)(?: on \S+)?: (?:no such host|no answer|server misbehaving|i/o timeout|temporary failure|operation|device|dial|read|write)`), nil},
	{Address, []string{"enotfound", "eai_", "eservfail", "enodata"}, nil, regexp.MustCompile(`\b(?:ENOTFOUND|EAI_[A-Z]+|ESERVFAIL|ENODATA)[: ]+["']?([A-Za-z0-9][A-Za-z0-9_.-]*(?::[0-9]+)?)`), nil},
	{Address, []string{"econn", "etimedout", "eunreach", "unreach", "ehostdown", "connect", "refused"}, nil, regexp.MustCompile(`(?i)\b(?:ECONN[A-Z]+|ETIMEDOUT|E[A-Z]+UNREACH|EHOSTDOWN|connect(?:ing|ion|ed)?(?: to| with| refused:?)) ["']?([a-z0-9_][a-z0-9_.-]*:[0-9]+)\b`), nil},
	{Address, []string{"refused", "unreachable", "timed out"}, nil, regexp.MustCompile(`(?i)\b([a-z_][a-z0-9_.-]*:(?:443|[0-9]{4,5})):? (?:connection |was |is |has )?(?:refused|unreachable|timed out)`), nil},
	{Address, []string{"connect"}, nil, regexp.MustCompile(`(?i)\bconnect(?:ing|ion|ed)? to ["']?([a-z0-9_][a-z0-9_.-]*)["',]? (?:on )?port [0-9]`), nil},
	{Address, []string{"host", "upstream"}, nil, regexp.MustCompile(`(?i)\b(?:host|hostname|upstream)["']?(?:\s*[=:]\s*["']|=)([^\s"',;&<>(){}\[\]\\]+)`), publicHost},
	{Address, []string{"resolve"}, nil, regexp.MustCompile(`(?i)\bresolve (?:host ?name|host|proxy)(?: name)?:? ["'\x60]?([a-z0-9][a-z0-9_.-]*[a-z0-9])`), publicHost},
	{Address, []string{"resolve", "translate host", "upstream"}, nil, regexp.MustCompile(`(?i)\b(?:resolve|translate host name|(?:in|to) upstream) ["'\x60]([^\s"'\x60]+)["'\x60]`), publicHost},
	{Address, []string{"unknownhost", "unknown host"}, nil, regexp.MustCompile(`(?i)\bunknown ?host(?:exception)?:? ["']?([a-z0-9][a-z0-9_.-]*)`), publicHost},
	{Address, nil, digitBehindSlash, regexp.MustCompile(`(?i)\b([a-z0-9_][a-z0-9_.-]*)/(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b`), nil},
	{Address, []string{".internal", ".local", ".corp", ".lan", ".intranet", ".private", ".arpa", ".svc", ".invalid", ".test"}, nil, regexp.MustCompile(`(?i)\b(?:[a-z0-9_-]+\.)+(?:internal|local|localdomain|corp|lan|intranet|private|arpa|svc|invalid|test)\b(?::[0-9]+)?`), nil},
	{Address, []string{".azure.com", ".azure.us", ".azure-api.net", ".azurewebsites.net", ".amazonaws.com", ".run.app", ".workers.dev"}, nil, regexp.MustCompile(`(?i)\b(?:[a-z0-9_-]+\.)+(?:azure\.com|azure\.us|azure-api\.net|azurewebsites\.net|amazonaws\.com|run\.app|workers\.dev)(?:\.cn)?\b`), publicHost},
	{Mail, []string{"@"}, nil, regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`), nil},
	{Path, []string{"/etc/", "/var/", "/home/", "/root/", "/usr/", "/opt/", "/srv/", "/tmp/", "/run/", "/mnt/"}, nil, regexp.MustCompile(`(?:^|[\s"'(=:])(/(?:etc|var|home|root|usr|opt|srv|tmp|run|mnt)/[^\s"'<>):,]*)`), nil},
}

// maskedShape is a text of which only the ends are shown, endingShape one of which the end is told.
var (
	maskedShape = regexp.MustCompile(`([A-Za-z0-9_-]*)(?:\*+|\.\.\.+|…+|•+|[xX]{4,})([A-Za-z0-9_-]*)`)
	endingShape = regexp.MustCompile(`(?i)\b(?:ending|ends|end) (?:in|with)[ :"']+([A-Za-z0-9_-]{3,})`)
)

// find gives where the rule's part stands in a text, which is small in small letters.
func (r *rule) find(text, small string) (found [][2]int) {
	if !r.may(text, small) {
		return nil
	}
	for _, m := range r.shape.FindAllStringSubmatchIndex(text, -1) {
		if part := m[len(m)-2:]; part[0] < part[1] && (r.unless == nil || !r.unless(text[part[0]:part[1]])) {
			found = append(found, withWord(text, part[0], part[1]))
		}
	}
	return found
}

// words are what a text may have in it that was cleared before.
var words = []string{Credential, Organization, Project, Account, Resource, Address, Mail, Path}

// withWord is a part of a text with all of the word that it ends in: shapes leave brackets out.
func withWord(text string, from, to int) [2]int {
	for _, word := range words {
		if unclosed := strings.TrimSuffix(word, "]"); strings.HasPrefix(text[to:], "]") && strings.HasSuffix(text[:to], unclosed) {
			return [2]int{min(from, to-len(unclosed)), to + 1}
		}
	}
	return [2]int{from, to}
}

// may reports whether the shape can fit something in a text: it costs a hundredth of looking.
func (r *rule) may(text, small string) bool {
	if r.sign != nil && !r.sign(text) {
		return false
	}
	return len(r.hints) == 0 || slices.ContainsFunc(r.hints, func(hint string) bool { return strings.Contains(small, hint) })
}

func short(n int) func(string) bool { return func(match string) bool { return len(match) < n } }

func noDigit(match string) bool { return len(match) < 6 || !strings.ContainsAny(match, "0123456789*") }

func noLetter(match string) bool { return strings.Trim(match, "*") == "" }

// looksLikeWords spares org-level and user-defined: an id has digits or capitals, or is long.
func looksLikeWords(match string) bool {
	_, id, _ := strings.Cut(strings.ReplaceAll(match, "_", "-"), "-")
	return len(id) < 16 && !strings.ContainsAny(id, "0123456789") && id == strings.ToLower(id) && !strings.Contains(match, "_") || len(id) < 3
}

func noAddress(match string) bool {
	addr, err := netip.ParseAddr(strings.TrimRight(match, "."))
	return err != nil || addr.Is4()
}

// publicHosts are where providers send the readers of their errors: documentation, consoles, help.
var publicHosts = []string{
	"docs.anthropic.com", "platform.claude.com", "code.claude.com", "docs.claude.com", "console.anthropic.com", "support.anthropic.com", "www.anthropic.com",
	"status.anthropic.com", "anthropic.com", "claude.ai", "claude.com", "support.claude.com", "status.claude.com",
	"platform.openai.com", "help.openai.com", "openai.com", "status.openai.com", "chatgpt.com", "developers.openai.com", "cookbook.openai.com",
	"ai.google.dev", "ai.dev", "aistudio.google.com", "cloud.google.com", "console.cloud.google.com", "console.developers.google.com", "developers.google.com",
	"accounts.google.com", "support.google.com", "goo.gle", "policies.google.com",
	"docs.aws.amazon.com", "aws.amazon.com", "console.aws.amazon.com", "learn.microsoft.com", "go.microsoft.com", "aka.ms", "azure.microsoft.com", "docs.microsoft.com",
	"docs.factory.ai", "app.factory.ai", "github.com", "json-schema.org", "www.w3.org", "developer.mozilla.org",
}

// public spares an address that everybody knows.
func public(match string) bool {
	u, err := url.Parse(match)
	return err == nil && u.User == nil && u.Port() == "" && publicHost(u.Hostname())
}

func publicHost(host string) bool {
	return slices.Contains(publicHosts, strings.TrimSuffix(strings.ToLower(host), "."))
}
