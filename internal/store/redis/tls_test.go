package redis_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/internal/store"
	"crs/internal/store/redis"
	"crs/lab/crstest/selfsigned"
	"crs/lab/freeport"
	"crs/lab/redistest"
)

func TestRedisOverTLS(t *testing.T) {
	t.Parallel()
	cert, key := selfsigned.Files(t)
	_, port, _ := net.SplitHostPort(freeport.For(t))
	redistest.StartReal(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert)
	url := "rediss://127.0.0.1:" + port
	refused(t, redis.Options{URL: url, CAFile: key}, "holds no certificate")
	refused(t, redis.Options{URL: url, CAFile: filepath.Join(t.TempDir(), "none")}, "read redis.ca_file")
	refused(t, redis.Options{URL: url, CertFile: cert, KeyFile: key}, "is not trusted", "redis.ca_file")
	refused(t, redis.Options{URL: url, CAFile: cert, Wait: time.Second}, "Redis at rediss://") // it wants to see ours
	s := open(t, redis.Options{URL: url, CAFile: cert, CertFile: cert, KeyFile: key})
	defer func() { _ = s.Close() }()
	if _, err := s.Put(t.Context(), store.Doc{Kind: store.Key, ID: "a"}); err != nil || !strings.HasPrefix(s.String(), "rediss://") {
		t.Errorf("%s: %v", s, err)
	}
}
