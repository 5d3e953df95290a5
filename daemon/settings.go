package daemon

import (
	"time"

	"crs/internal/account"
	"crs/internal/config"
	"crs/proxyengine"
	"crs/proxyengine/caller"
	"crs/proxyengine/upstream"
)

// engineSettings is the engine's part of a configuration, as far as there are descriptors for it.
func (d *Daemon) engineSettings(c *config.Config) proxyengine.Settings {
	s := proxyengine.Settings{
		BodyMax: int64(c.Limits.BodyMax), BodyBudget: int64(c.Limits.BodyBudget), BodyRate: int64(c.Limits.BodyRate), BodyWait: c.Limits.BodyWait,
		HeaderMax: int(c.Limits.HeaderMax), Connections: min(c.Limits.Connections, d.shares.Clients),
		Header: c.Timeouts.Header, Body: c.Timeouts.Body,
		Connect: c.Timeouts.Connect, FirstByte: c.Timeouts.FirstByte, FirstByteJSON: c.Timeouts.FirstByteJSON, Idle: c.Timeouts.Idle,
		WriteStall: c.Timeouts.WriteStall, KeepAlive: c.Timeouts.KeepAlive,
		MaxAttempts: c.Retry.MaxAttempts, Ambiguous: c.Retry.Ambiguous, Backoff: c.Retry.Backoff, Hold: c.Retry.Hold,
	}
	s.ConnectionsPerIP, s.FailedAuth = c.Limits.ConnectionsPerIP, c.Limits.FailedAuth
	s.UnknownPrice = proxyengine.UnknownPrice(c.Prices.Unknown)
	s.Proxies, _ = caller.ParseTrust(c.Limits.TrustedProxies) // which the configuration has checked
	if c.Disconnect.Policy == "drain" {
		s.Drain = c.Disconnect.Drain
	}
	return s
}

// poolOptions is the pool's part.
func poolOptions(c *config.Config) account.Options {
	return account.Options{
		Wait: c.Retry.AccountWait, StickyFor: c.Sticky.TTL,
		Auth: c.Cooldown.Auth, Quota: c.Cooldown.Quota, Throttle: c.Cooldown.Throttle,
		Failures: c.Cooldown.Failures, Failing: c.Cooldown.Failing, Jitter: c.Cooldown.Jitter,
	}
}

// tokenClocks are those of a request to a token endpoint.
func tokenClocks(c *config.Config) upstream.Clocks {
	const answer = 30 * time.Second // token endpoints answer at once or not at all
	return upstream.Clocks{Connect: c.Timeouts.Connect, Write: c.Timeouts.Body, FirstByte: answer, Idle: answer}
}
