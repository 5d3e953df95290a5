package redis

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// address is where a Redis is, as its URL says.
type address struct {
	hosts    []string
	user     string
	database int
	tls      bool
	kind     kind
	master   string // the name that Sentinels know the primary by
}

type kind string

const (
	single   kind = "redis"
	sentinel kind = "redis-sentinel"
	cluster  kind = "redis-cluster"
)

// parse reads redis://[USER@]HOST[:PORT][/DATABASE], redis-sentinel://HOST[:PORT],…/MASTER[/DATABASE] and
// redis-cluster://HOST[:PORT],…; rediss is the same over TLS. Its errors do not repeat the URL: a password may stand in it.
func parse(url string) (address, error) {
	scheme, rest, ok := strings.Cut(url, "://")
	a := address{kind: kind(scheme)}
	if after, secure := strings.CutPrefix(scheme, "rediss"); secure {
		a.kind, a.tls = kind("redis"+after), true
	}
	if !ok || a.kind != single && a.kind != sentinel && a.kind != cluster {
		return a, errors.New("the URL of Redis must begin with redis://, redis-sentinel:// or redis-cluster:// (or rediss…:// for TLS)")
	}
	if user, after, named := strings.Cut(rest, "@"); named {
		a.user, rest = user, after
	}
	if strings.Contains(a.user, ":") {
		return a, errors.New("the URL of Redis must not hold a password: put it into a file, and name that as redis.password_file")
	}
	hosts, path, _ := strings.Cut(rest, "/")
	if err := a.setHosts(hosts); err != nil {
		return a, err
	}
	return a, a.setPath(path)
}

func (a *address) setHosts(text string) error {
	port := "6379"
	if a.kind == sentinel {
		port = "26379"
	}
	for host := range strings.SplitSeq(text, ",") {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), port)
		}
		name, number, err := net.SplitHostPort(host)
		if _, bad := strconv.ParseUint(number, 10, 16); err != nil || bad != nil || name == "" || strings.ContainsAny(name, " @?#") {
			return errors.New("the URL of Redis names no host, or one that cannot be read; it looks like redis://10.0.0.5:6379/0")
		}
		a.hosts = append(a.hosts, host)
	}
	if a.kind == single && len(a.hosts) > 1 {
		return errors.New("several hosts are a Cluster (redis-cluster://) or Sentinels (redis-sentinel://HOST,HOST/MASTER)")
	}
	return nil
}

func (a *address) setPath(path string) error {
	path = strings.TrimSuffix(path, "/")
	if a.kind == sentinel {
		a.master, path, _ = strings.Cut(path, "/")
		if a.master == "" {
			return errors.New("the URL of Sentinels must name the primary: redis-sentinel://HOST,HOST/MASTER")
		}
	}
	if path == "" {
		return nil
	}
	n, err := strconv.ParseUint(path, 10, 16)
	if err != nil {
		return errors.New("the database in the URL of Redis must be a number, as in redis://10.0.0.5:6379/0")
	}
	if a.kind == cluster && n != 0 {
		return errors.New("a Cluster has no database but 0")
	}
	a.database = int(n)
	return nil
}

// String is the URL without a user.
func (a address) String() string {
	scheme := string(a.kind)
	if a.tls {
		scheme = strings.Replace(scheme, "redis", "rediss", 1)
	}
	text := scheme + "://" + strings.Join(a.hosts, ",")
	if a.master != "" {
		text += "/" + a.master
	}
	if a.kind == cluster {
		return text
	}
	return fmt.Sprintf("%s/%d", text, a.database)
}
