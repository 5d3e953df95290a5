package redis_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/internal/secret"
	"crs/internal/store"
	"crs/internal/store/redis"
	"crs/internal/usage"
	"crs/lab/freeport"
	"crs/lab/redistest"
)

// refused opens a store and wants an error that has all the words, and none of the secrets.
func refused(t *testing.T, opt redis.Options, words ...string) {
	t.Helper()
	s, err := redis.Open(t.Context(), opt)
	if err == nil {
		_ = s.Close()
		t.Errorf("it opened, and should have said %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("it said: %v\nwithout %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("it told a secret: %v", err)
	}
}

func TestPasswordsAndUsers(t *testing.T) {
	t.Parallel()
	s := redistest.StartReal(t, "--requirepass", "right",
		"--user", "crs", "on", ">own", "~crs:*", "&*", "+@all", "-@dangerous", "+info",
		"--user", "poor", "on", ">own", "~other:*", "+ping", "+info")
	url := func(user string) string { return "redis://" + user + s.Addr }
	refused(t, redis.Options{URL: url("")}, "wants a password", "redis.password_file")
	refused(t, redis.Options{URL: url(""), Password: secret.New("hunter2")}, "refuses the user or the password", "redis.password_file")
	refused(t, redis.Options{URL: url("nobody@"), Password: secret.New("hunter2")}, "refuses the user or the password")
	refused(t, redis.Options{URL: url("poor@"), Password: secret.New("own")}, "may not do that", "~crs:*")
	for user, password := range map[string]string{"": "right", "crs@": "own"} {
		if err := open(t, redis.Options{URL: url(user), Password: secret.New(password)}).Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestTheUserNeedsNoMoreThanTheDocumentationSays runs everything once as the user that docs/redis.md makes.
func TestTheUserNeedsNoMoreThanTheDocumentationSays(t *testing.T) {
	t.Parallel()
	server := redistest.StartReal(t, "--user", "crs", "on", ">own", "~crs:*", "&*", "+@all", "-@dangerous", "+info")
	s := open(t, redis.Options{URL: "redis://crs@" + server.Addr, Password: secret.New("own")})
	defer func() { _ = s.Close() }()
	_, errPut := s.Put(t.Context(), store.Doc{Kind: store.Key, ID: "a", Name: "n", Body: []byte("1")})
	_, errAll := s.All(t.Context(), store.Key)
	errAdd := s.AddUp(t.Context(), "n", []usage.Sum{{Day: "2026-11-26", Requests: 1}}, usage.Cursor{}, usage.Cursor{Offset: 1})
	_, errUse := s.Usage(t.Context(), usage.Query{})
	errLog := s.Append(t.Context(), "n", [][]byte{[]byte(`{"id":"r"}`)}, usage.Cursor{}, usage.Cursor{Offset: 1})
	_, errFind := s.Search(t.Context(), usage.Filter{})
	_, errClock := s.Ahead(t.Context(), time.Now)
	errForget := s.Forget(t.Context(), time.Now())
	if err := errors.Join(errPut, errAll, errAdd, errUse, errLog, errFind, errClock, errForget, s.Delete(t.Context(), store.Key, "a")); err != nil {
		t.Error(err)
	}
}

func TestServersThatCannotBeTrusted(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"allkeys-lru", "volatile-ttl"} {
		s := redistest.StartReal(t, "--maxmemory-policy", policy, "--maxmemory", "100mb")
		refused(t, redis.Options{URL: s.URL()}, "maxmemory-policy is "+policy, "noeviction")
	}
	refused(t, redis.Options{URL: "redis://" + impostor(t, "6.0.16")}, "version 6.0.16", "6.2")
	refused(t, redis.Options{URL: "redis://" + impostor(t, "5.0.7")}, "version 5.0.7", "upgrade")
}

// impostor is a server that answers as a Redis of some version would, as far as it is asked before that matters.
func impostor(t *testing.T, version string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answer(c, version)
		}
	}()
	return l.Addr().String()
}

func answer(c net.Conn, version string) {
	defer func() { _ = c.Close() }()
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		for command := range strings.SplitSeq(strings.ToLower(string(buf[:n])), "*") {
			switch {
			case strings.Contains(command, "info\r\n"):
				text := "# Server\r\nredis_version:" + version + "\r\n"
				_, _ = fmt.Fprintf(c, "$%d\r\n%s\r\n", len(text), text)
			case strings.Contains(command, "time\r\n"):
				_, _ = fmt.Fprint(c, "*2\r\n$1\r\n1\r\n$1\r\n0\r\n")
			case strings.Contains(command, "hello"):
				_, _ = fmt.Fprint(c, "-ERR unknown command\r\n")
			case command != "":
				_, _ = fmt.Fprint(c, "+OK\r\n")
			}
		}
	}
}

func TestDatabasesThatAreSomebodyElses(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	refused(t, redis.Options{URL: "redis://" + s.Addr + "/99"}, "no such database")
	s.Do(t, "SET", "shop:cart:1", "x")
	refused(t, redis.Options{URL: s.URL()}, "somebody else's keys", "shop:cart:1", "redis.shared")
	s.Do(t, "HSET", "apikey:abc", "name", "x")
	refused(t, redis.Options{URL: s.URL()}, "the Node relay", "apikey:abc", "a database of its own")
	if n := s.Do(t, "DBSIZE"); n != int64(2) {
		t.Errorf("after refusing there are %v keys", n)
	}
	for _, opt := range []redis.Options{{URL: "redis://" + s.Addr + "/1"}, {URL: s.URL(), Shared: true}} {
		if err := open(t, opt).Close(); err != nil {
			t.Error(err)
		}
	}
	s.Do(t, "SET", "shop:cart:2", "x") // once crs is there, others are not its business
	if err := open(t, redis.Options{URL: s.URL()}).Close(); err != nil {
		t.Error(err)
	}
}

func TestURLsThatDoNotFitTheServer(t *testing.T) {
	t.Parallel()
	for url, words := range map[string]string{
		"http://h": "must begin with redis://", "redis://": "names no host", "redis://a,b": "several hosts are a Cluster",
		"redis-sentinel://a,b": "must name the primary", "redis-cluster://a/3": "no database but 0", "redis://h/x": "must be a number",
		"redis://crs:hunter2@h": "must not hold a password",
	} {
		refused(t, redis.Options{URL: url}, words)
	}
	s := redistest.StartReal(t)
	refused(t, redis.Options{URL: "redis-cluster://" + s.Addr}, "it is no Cluster")
	refused(t, redis.Options{URL: "rediss://" + s.Addr, Wait: time.Second}, "TLS")
	refused(t, redis.Options{URL: "redis://" + s.Addr, CAFile: "/x"}, "rediss://")
	node := redistest.StartCluster(t, 0).Primaries[0]
	refused(t, redis.Options{URL: "redis://" + node.Addr}, "redis-cluster://")
	replica := redistest.StartReal(t, "--replicaof", "127.0.0.1", strings.Split(s.Addr, ":")[1])
	refused(t, redis.Options{URL: replica.URL()}, "it is a replica")
	nobody := freeport.For(t)
	_, err := redis.Open(t.Context(), redis.Options{URL: "redis://" + nobody})
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), nobody) {
		t.Errorf("nobody is there: %v", err)
	}
}

// TestAStoreThatRefusesWritesOpens, so that a node can be started, or restarted, and serve meanwhile.
func TestAStoreThatRefusesWritesOpens(t *testing.T) {
	t.Parallel()
	for _, how := range redistest.Refusals() {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			server := redistest.StartReal(t)
			opt := redis.Options{URL: server.URL(), Dir: t.TempDir()}
			if err := open(t, opt).Close(); err != nil {
				t.Fatal(err)
			}
			heal := server.Refuse(t, how)
			s := open(t, opt)
			defer func() { _ = s.Close() }()
			if _, err := s.All(t.Context(), store.Key); err != nil {
				t.Errorf("it cannot be read: %v", err)
			}
			if _, err := s.Put(t.Context(), store.Doc{Kind: store.Key, ID: "a"}); !errors.Is(err, store.ErrNotWritable) {
				t.Errorf("a write: %v", err)
			}
			heal()
			if _, err := s.Put(t.Context(), store.Doc{Kind: store.Key, ID: "a"}); err != nil {
				t.Errorf("a write afterwards: %v", err)
			}
		})
	}
}

func TestAStoreThatIsGoneIsNotMadeAnew(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	opt := redis.Options{URL: server.URL(), Dir: t.TempDir()}
	s := open(t, opt)
	if !s.Fresh() {
		t.Error("a new store is not fresh")
	}
	if _, err := s.Put(t.Context(), store.Doc{Kind: store.Key, ID: "a", Body: []byte("1")}); err != nil {
		t.Fatal(err)
	}
	id := server.Do(t, "HGET", "crs:{usage}:store", "id")

	server.Do(t, "DEL", "crs:{usage}:store")
	refused(t, opt, "a part of what Redis", "(usage)", "restore its dump")
	stranger := redis.Options{URL: opt.URL, Dir: t.TempDir()}
	refused(t, stranger, "a part of what Redis")
	if err := s.AddUp(t.Context(), "n", nil, usage.Cursor{}, usage.Cursor{Offset: 1}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("adding up: %v", err)
	}
	server.Do(t, "HSET", "crs:{usage}:store", "id", id, "whole", 1, "schema", 1)

	server.Do(t, "HSET", "crs:{doc}:store", "schema", 99)
	refused(t, opt, "a newer crs")
	server.Do(t, "HSET", "crs:{doc}:store", "schema", 1)

	server.Do(t, "FLUSHALL")
	refused(t, opt, "is empty, but this node knew a store there", redis.MarkerFile)
	for what, err := range map[string]error{
		"All": second(s.All(t.Context(), store.Key)), "Put": second(s.Put(t.Context(), store.Doc{Kind: store.Key, ID: "b"})),
		"Delete": s.Delete(t.Context(), store.Key, "a"), "Usage": second(s.Usage(t.Context(), usage.Query{})),
		"Spent": second(s.Spent(t.Context(), []string{"2026-01-01"}, "2026-01-01")), "Recent": second(s.Recent(t.Context(), time.Now())), "MarkOf": second(s.MarkOf(t.Context(), "n")),
		"Claim": second(s.Claim(t.Context(), "x", "y")), "LoggedTo": second(s.LoggedTo(t.Context(), "n")),
		"Append": s.Append(t.Context(), "n", nil, usage.Cursor{}, usage.Cursor{Offset: 1}),
	} {
		if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "Restore its dump") {
			t.Errorf("%s on a Redis without its data: %v", what, err)
		}
	}
	_ = s.Close()

	server.Do(t, "HSET", "crs:{doc}:key", "a", "1 0 x")
	refused(t, stranger, "but not the one that says which store they are")
	server.Do(t, "FLUSHALL")
	if err := os.Remove(filepath.Join(opt.Dir, redis.MarkerFile)); err != nil {
		t.Fatal(err)
	}
	again := open(t, opt)
	defer func() { _ = again.Close() }()
	if !again.Fresh() {
		t.Error("what an operator chose to begin anew is not fresh")
	}
}

func second[T any](_ T, err error) error { return err }

func TestAStoreWhoseMakerDiedIsFinishedByTheNextNode(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Do(t, "HSET", "crs:{usage}:store", "id", "store_half", "schema", 1)
	s := open(t, redis.Options{URL: server.URL(), Dir: t.TempDir()})
	defer func() { _ = s.Close() }()
	for _, slot := range []string{"doc", "usage", "log"} {
		if id := server.Do(t, "HGET", "crs:{"+slot+"}:store", "id"); id != "store_half" {
			t.Errorf("%s belongs to %v", slot, id)
		}
	}
}

func TestNodesThatMakeTheStoreAtOnceMakeOne(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	errs := make(chan error, 8)
	for range 8 {
		dir := t.TempDir()
		go func() {
			s, err := redis.Open(t.Context(), redis.Options{URL: server.URL(), Dir: dir})
			if err == nil {
				_, err = s.Put(t.Context(), store.Doc{Kind: store.Key, ID: dir, Body: []byte("1")})
				err = errors.Join(err, s.Close())
			}
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := server.Do(t, "HLEN", "crs:{doc}:key"); n != int64(8) {
		t.Errorf("%v nodes wrote into it", n)
	}
}
