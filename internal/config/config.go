// Package config reads what an operator chose: defaults, under one TOML file, under the environment, under flags.
//
// Load gives the values, where each one came from, and every mistake at once. The tags of Config are the only list of
// options there is: keys, defaults, limits and descriptions are read from them, for Load as for the documentation.
//
// A key is set in the environment as CRS_ and its path in capitals with _ between: CRS_LIMITS_BODY_BUDGET is
// limits.body_budget, CRS_PROVIDERS_CLAUDE_API_URL is providers.claude.api_url. A variable that is empty counts as not
// set; one that matches no key is an error. Exempt are CRS_CONFIG, which names the file, CRS_TEST_… of the tests, and
// CRS_SERVICE_… and CRS_PORT…, which Kubernetes and Docker set for a service that is called crs.
package config

import (
	"log/slog"
	"time"

	"crs/internal/errs"
)

// Config is everything that can be set. Each field's tags say its key (key), what it is when nobody sets it (default),
// what it may be (min and max, oneof, or a named check), and what it does (doc). Load has checked every value.
type Config struct {
	Listen   string `key:"listen" default:"127.0.0.1:3000" check:"listen" doc:"Address and port on which clients are served; without a host, every address of the machine."`
	Data     string `key:"data" default:"/var/lib/crs" check:"path" doc:"Directory of the store, the ledger and the key file. A user's default is XDG_DATA_HOME/crs. Given by flag or CRS_DATA, it also holds config.toml and crs.sock."`
	Socket   string `key:"socket" default:"/run/crs/crs.sock" check:"socket" doc:"Unix socket on which the daemon is controlled. A user's default is XDG_RUNTIME_DIR/crs/crs.sock, or crs.sock in the default data directory where that variable is not set."`
	TimeZone string `key:"time_zone" default:"" check:"zone" doc:"Time zone in which a key's day and week begin, such as Europe/Berlin; empty means the host's."`

	TLS        TLS        `key:"tls"`
	Log        Log        `key:"log"`
	Limits     Limits     `key:"limits"`
	Timeouts   Timeouts   `key:"timeouts"`
	Upstream   Upstream   `key:"upstream"`
	Retry      Retry      `key:"retry"`
	Sticky     Sticky     `key:"sticky"`
	Disconnect Disconnect `key:"disconnect"`
	Usage      Usage      `key:"usage"`
	Prices     Prices     `key:"prices"`
	Cooldown   Cooldown   `key:"cooldown"`
	Redis      Redis      `key:"redis"`
	Backup     Backup     `key:"backup"`
	Metrics    Metrics    `key:"metrics"`
	Alert      Alert      `key:"alert"`
	Audit      Audit      `key:"audit"`

	// Providers holds providers.NAME by NAME. It has only the providers for which something was set, and may be nil.
	Providers map[string]Provider `key:"-"`
}

// Location is the time zone of days and weeks. It fails only if the zone has vanished from the host since Load.
func (c Config) Location() (*time.Location, error) {
	if c.TimeZone == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(c.TimeZone)
	return zone, errs.Wrap(err, "load time zone %s", c.TimeZone)
}

// Log says what the daemon writes to its log, and how.
type Log struct {
	Level  slog.Level `key:"level" default:"info" oneof:"debug info warn error" doc:"Least severity that is logged."`
	Format string     `key:"format" default:"text" oneof:"text json" doc:"Form of a log line."`
}

// Limits bounds what clients can make the daemon hold.
type Limits struct {
	BodyMax     Size          `key:"body_max" default:"32MiB" min:"1KiB" max:"1GiB" doc:"Largest request body; a larger one gets 413."`
	BodyBudget  Size          `key:"body_budget" default:"512MiB" min:"1KiB" max:"1TiB" doc:"Memory for all requests and answers together: bodies, what takes their encoding off, translations, and what waits for slow clients. A key may hold as much of it as is left for all others, alone half of it. At least limits.body_max."`
	BodyWait    time.Duration `key:"body_wait" default:"10s" min:"0s" max:"10m" doc:"How long a request waits for room in limits.body_budget before it gets 503."`
	BodyRate    Size          `key:"body_rate" default:"16KiB" min:"1B" max:"1GiB" doc:"Least bytes a second at which a request body must come on, if it is not whole within timeouts.body; a slower one gets 408."`
	HeaderMax   Size          `key:"header_max" default:"8KiB" min:"1KiB" max:"1MiB" doc:"Largest head (request line and headers) of a request."`
	Connections int           `key:"connections" default:"20000" min:"1" max:"1000000" doc:"Client connections that may be open at once; never more than limits.body_budget and 96 MiB have room for at 24 KiB and four times limits.header_max each: 11,117 with the defaults."`

	ConnectionsPerIP int    `key:"connections_per_ip" default:"1000" min:"0" max:"1000000" doc:"Connections that one address may have open at once; one more gets 429, unless it comes with a good key: then it is served, and closed behind the answer. 0 is any number. Addresses of this machine and trusted proxies may have any number."`
	FailedAuth       int    `key:"failed_auth" default:"100" min:"0" max:"1000000" doc:"Requests without a good key after which an address gets 429 for more of them, for the rest of a minute. Good keys behind the same address are served all the same. 0 is any number. Addresses of this machine are never refused."`
	TrustedProxies   string `key:"trusted_proxies" default:"" check:"networks" doc:"Addresses and networks of reverse proxies, with commas between them, whose X-Forwarded-For says which client a request is from. Nobody else's is believed."`
}

// Timeouts are the clocks of a connection's phases. None of them limits how long an answer may take as a whole.
type Timeouts struct {
	Header        time.Duration `key:"header" default:"10s" min:"1ms" max:"1h" doc:"Time a client has to send the head of a request."`
	Body          time.Duration `key:"body" default:"30s" min:"1ms" max:"1h" doc:"Time a client has to send the body of a request. What comes at limits.body_rate or faster earns it more, but never more than this from any moment on. A provider has as long to take it, plus one second for each 64 KiB."`
	Connect       time.Duration `key:"connect" default:"10s" min:"1ms" max:"1h" doc:"Time to connect to a provider, name lookup and TLS included."`
	FirstByte     time.Duration `key:"first_byte" default:"2m" min:"1ms" max:"1d" doc:"Time a provider has to begin a streamed answer before another account is tried."`
	FirstByteJSON time.Duration `key:"first_byte_json" default:"10m" min:"1ms" max:"1d" doc:"Time a provider has to begin an answer that is not streamed."`
	Idle          time.Duration `key:"idle" default:"5m" min:"1ms" max:"1d" doc:"Longest silence between two bytes of a provider's answer."`
	WriteStall    time.Duration `key:"write_stall" default:"30s" min:"1ms" max:"1h" doc:"Time a client has to take what is flushed to it, for each flush; and an upstream to take each MiB of a request."`
	KeepAlive     time.Duration `key:"keep_alive" default:"2m" min:"1ms" max:"1d" doc:"How long a client's idle connection is kept open."`
	UpstreamIdle  time.Duration `key:"upstream_idle" default:"55s" min:"1ms" max:"1h" doc:"How long an idle connection to a provider is kept for the next request."`
	Takeover      time.Duration `key:"takeover" default:"30s" min:"1s" max:"1h" doc:"How long the new process of a restart or an update may take until it serves; then the old one keeps serving."`
	Drain         time.Duration `key:"drain" default:"1h" min:"0s" max:"7d" doc:"How long answers in flight may run on in a process that was replaced by a restart or an update."`
	Shutdown      time.Duration `key:"shutdown" default:"30s" min:"0s" max:"1d" doc:"How long a stopping daemon lets answers in flight finish."`
}

// Upstream says how providers are spoken to.
type Upstream struct {
	Client string `key:"client" default:"pool" oneof:"pool net/http" doc:"HTTP client for providers: pool is crs's own for HTTP/1.1, net/http speaks HTTP/2 where a provider does."`
}

// Backup says how the daemon keeps its own backups. Those that an operator makes are the operator's.
type Backup struct {
	Keep int `key:"keep" default:"3" min:"1" max:"1000" doc:"How many of the backups are kept that the daemon makes in DATA/backups before it changes the form of its store."`
}

// Retry says how a request moves from a failing account to another one.
type Retry struct {
	MaxAttempts int           `key:"max_attempts" default:"4" min:"1" max:"100" doc:"How often one request may be sent upstream, the first time included."`
	Ambiguous   bool          `key:"ambiguous" default:"true" doc:"Whether a request that a provider may already have processed is repeated, at most once and on another account."`
	AccountWait time.Duration `key:"account_wait" default:"10s" min:"0s" max:"10m" doc:"How long a request waits for a free slot when every account that could serve it is busy."`
	Backoff     time.Duration `key:"backoff" default:"250ms" min:"0s" max:"1m" doc:"Pause before a request is sent again."`
	Hold        time.Duration `key:"hold" default:"5s" min:"0s" max:"10m" doc:"How long the start of a stream is held back while it shows no content, so that an early error can still fail over; 0 holds nothing."`
}

// Sticky says how long a conversation stays with its account.
type Sticky struct {
	TTL time.Duration `key:"ttl" default:"1h" min:"1s" max:"30d" doc:"How long after its last request a conversation still returns to the account that served it."`
}

// Disconnect says what becomes of an answer whose client has left.
type Disconnect struct {
	Policy string        `key:"policy" default:"cancel" oneof:"cancel drain" doc:"cancel stops the upstream request; drain reads on, so that the provider's own usage figures are seen."`
	Drain  time.Duration `key:"drain" default:"30s" min:"1ms" max:"1h" doc:"How long drain reads on at most."`
}

// Usage says how the ledger is kept.
type Usage struct {
	Keep     time.Duration `key:"keep" default:"90d" min:"1h" max:"36500d" doc:"Age at which usage records are deleted."`
	MaxBytes Size          `key:"max_bytes" default:"2GiB" min:"1MiB" max:"1PiB" doc:"Size of the ledger above which its oldest records are deleted, whatever their age. The sums in the store are bounded otherwise: a key has rows for 100 models a day, all others share one; sums of hours leave after usage.keep, those of days stay (in Redis for redis.keep_days)."`
	Reserve  Size          `key:"reserve" default:"4MiB" min:"0B" max:"1GiB" doc:"Room on the disk that is taken in advance for what the ledger writes next, so that a disk that others fill stops nothing at once; 0B takes none. File systems that cannot reserve room do without."`
	Buffer   Size          `key:"buffer" default:"64MiB" min:"4KiB" max:"1GiB" doc:"Memory for usage that waits while the disk takes nothing; beyond it new requests are refused with 503."`
	Commit   time.Duration `key:"commit" default:"100ms" min:"1ms" max:"10s" doc:"Time within which a record is durable; records are written together after half of it, and a crash loses at most this much."`
}

// Prices says what becomes of requests for models whose price is not known.
type Prices struct {
	Unknown string `key:"unknown" default:"dearest" oneof:"dearest refuse warn" doc:"What becomes of requests for a model without a price, of keys with a cost limit: dearest charges them as the dearest current model of the same vendor until crs usage reprice puts it right, refuse refuses them, warn charges nothing. On accounts whose base URL is not their vendor's they are charged nothing. All are marked, and told in crs status; prices are set with crs price set."`
}

// Cooldown says how long an account rests when its provider gave no time of its own.
type Cooldown struct {
	Auth     time.Duration `key:"auth" default:"30m" min:"1ms" max:"7d" doc:"Rest of an account whose credential was refused and could not be refreshed."`
	Quota    time.Duration `key:"quota" default:"30m" min:"1ms" max:"7d" doc:"Rest of an account whose quota is spent, when the provider named no reset."`
	Throttle time.Duration `key:"throttle" default:"1m" min:"1ms" max:"7d" doc:"Rest after a 429 that gave no hint."`
	Failures int           `key:"failures" default:"5" min:"1" max:"1000" doc:"Consecutive failures after which an account rests. Where requests themselves may be to blame, one key counts for about half of them at most, and rests alone after all of them."`
	Failing  time.Duration `key:"failing" default:"30s" min:"1ms" max:"7d" doc:"Rest after that many consecutive failures."`
	Jitter   time.Duration `key:"jitter" default:"30s" min:"0s" max:"10m" doc:"Most that is added at random to a rest, so that accounts do not all come back at once."`
}

// Redis says which Redis several daemons share. Without a URL, everything is kept in the data directory.
type Redis struct {
	URL                  string        `key:"url" default:"" check:"redis" doc:"Redis that several daemons share: redis://[USER@]HOST[:PORT][/DATABASE], redis-sentinel://HOST[:PORT],…/MASTER[/DATABASE] or redis-cluster://HOST[:PORT],…; rediss for TLS. Empty keeps everything in the data directory."`
	PasswordFile         string        `key:"password_file" default:"" check:"path-or-none" doc:"File that holds the password of Redis."`
	SentinelUser         string        `key:"sentinel_user" default:"" check:"user" doc:"User at the Sentinels, where they ask for one."`
	SentinelPasswordFile string        `key:"sentinel_password_file" default:"" check:"path-or-none" doc:"File that holds the password of the Sentinels."`
	CAFile               string        `key:"ca_file" default:"" check:"path-or-none" doc:"PEM file with the authorities that may sign the certificate of Redis; empty means the host's."`
	CertFile             string        `key:"cert_file" default:"" check:"path-or-none" doc:"PEM file with the certificate that this node shows to Redis."`
	KeyFile              string        `key:"key_file" default:"" check:"path-or-none" doc:"PEM file with the key of redis.cert_file."`
	Prefix               string        `key:"prefix" default:"crs" check:"prefix" doc:"What the name of each key in Redis begins with."`
	Shared               bool          `key:"shared" default:"false" doc:"Whether the database may hold keys of others; crs refuses to begin in one that does, unless this is true."`
	OnOutage             string        `key:"on_outage" default:"local" oneof:"local refuse" doc:"While Redis is away: local serves on with limits of this node alone, refuse answers 503."`
	Wait                 time.Duration `key:"wait" default:"2s" min:"10ms" max:"1m" doc:"How long Redis may take to accept a connection or to answer before it counts as away."`
	LogBytes             Size          `key:"log_bytes" default:"256MiB" min:"1MiB" max:"1TiB" doc:"Memory of Redis for the request log that the nodes share; older requests are only in their node's ledger."`
	KeepDays             time.Duration `key:"keep_days" default:"800d" min:"32d" max:"36500d" doc:"Age at which the sums of a day leave Redis. Those of an hour are kept for usage.keep, totals for good."`
}

// Metrics says where they are served besides the control socket, and how many series there may be.
type Metrics struct {
	Listen   string `key:"listen" default:"" check:"metrics" doc:"Address and port on which Prometheus can read metrics, at /metrics, without a password; empty serves them on the control socket only. The host must be said: 0.0.0.0 for every address of the machine."`
	Keys     int    `key:"keys" default:"100" min:"0" max:"10000" doc:"How many keys get metrics of their own; the rest share those of other."`
	Accounts int    `key:"accounts" default:"100" min:"0" max:"10000" doc:"How many accounts get metrics of their own; the rest share those of other."`
	Models   int    `key:"models" default:"100" min:"0" max:"10000" doc:"How many models, each on each platform, get metrics of their own; the rest, and those without a price, share those of other."`
}

// Audit says how much is kept of who changed what.
type Audit struct {
	Keep     time.Duration `key:"keep" default:"365d" min:"1h" max:"36500d" doc:"Age at which entries of the audit log are deleted."`
	MaxBytes Size          `key:"max_bytes" default:"64MiB" min:"64KiB" max:"1TiB" doc:"Size of the audit log above which its oldest entries are deleted, whatever their age. It is in the store; an entry has some 300 bytes."`
}

// Alert says who is told when somebody has to mend something.
type Alert struct {
	URLFile string        `key:"url_file" default:"" check:"path-or-none" doc:"File with the URL of a webhook that is told when somebody has to mend something (an account needs a login, none of a platform is ready, usage cannot be written) and when that is over; empty tells nobody."`
	Format  string        `key:"format" default:"json" oneof:"json slack discord lark wecom" doc:"What the webhook reads: json has everything in it; slack also suits Mattermost, Google Chat and Telegram, lark Feishu, wecom DingTalk."`
	After   time.Duration `key:"after" default:"1m" min:"0s" max:"1d" doc:"How long something must last before it is told."`
}
