package redis

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"crs/internal/secret"
)

// Options say which Redis, and how to get in.
type Options struct {
	URL string
	// Password is Redis's, SentinelUser and SentinelPassword are the Sentinels'.
	Password         secret.String
	SentinelUser     string
	SentinelPassword secret.String
	// CAFile, CertFile and KeyFile are used with TLS. Empty ones are the host's authorities and no certificate.
	CAFile, CertFile, KeyFile string
	// Prefix is what every key's name begins with. Empty means crs.
	Prefix string
	// Shared allows the database to hold keys of others.
	Shared bool
	// Dir is the node's data directory, which remembers the store. Empty remembers nothing.
	Dir string
	// Peek opens what is there to be read, and makes nothing.
	Peek bool
	// Wait is how long Redis may take for anything. Zero means two seconds.
	Wait time.Duration
	// KeepHours and KeepDays are the lifetimes of roll-ups. Zero means 90 and 800 days.
	KeepHours, KeepDays time.Duration
	// LogBytes bounds the shared request log. Zero means 256 MiB.
	LogBytes int64
}

// dial makes the client. It connects when it is used.
//
// Nothing is sent twice behind our backs: whether a script that got no answer may be repeated, its caller knows.
func dial(a address, opt *Options) (redis.UniversalClient, error) {
	hush()
	secured, err := opt.tls(a)
	if err != nil {
		return nil, err
	}
	wait := cmp.Or(opt.Wait, 2*time.Second)
	all := &redis.UniversalOptions{
		Addrs: a.hosts, DB: a.database, MasterName: a.master, IsClusterMode: a.kind == cluster,
		Username: a.user, Password: opt.Password.Reveal(),
		SentinelUsername: opt.SentinelUser, SentinelPassword: opt.SentinelPassword.Reveal(),
		ClientName: "crs", TLSConfig: secured, Protocol: 2,
		DialTimeout: wait, ReadTimeout: wait, WriteTimeout: wait, PoolTimeout: wait, ContextTimeoutEnabled: true,
		MaxRetries: -1, DialerRetries: 1, MaxRedirects: 3,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if a.kind != cluster {
		return redis.NewUniversalClient(all), nil
	}
	c := all.Cluster()
	c.DisableRoutingPolicies = true // they are asked of any server, and all commands wait for that one
	return redis.NewClusterClient(c), nil
}

// hush keeps the library from writing to standard error on its own; what is wrong its callers are told.
var hush = sync.OnceFunc(func() { redis.SetLogger(silent{}) })

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func (o *Options) tls(a address) (*tls.Config, error) {
	if !a.tls {
		if o.CAFile != "" || o.CertFile != "" {
			return nil, errors.New("certificates are set for Redis, but its URL is not one of TLS; write rediss:// for redis://")
		}
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read redis.ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("redis.ca_file %s holds no certificate", o.CAFile)
		}
	}
	if o.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read redis.cert_file and redis.key_file: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
