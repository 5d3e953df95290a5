package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"crs/ctl"
	"crs/lab/bench/process"
	"crs/lab/freeport"
)

// The subjects that share a Redis, where a redis-server is installed.
const (
	shared        = "crs on Redis"         // with one key and one account
	crowdedShared = "crowded crs on Redis" // with as many of both as it should take
)

func findRedis() bool {
	_, err := exec.LookPath("redis-server")
	return err == nil
}

// startRedis starts a redis-server on whatever dump is in dir.
func startRedis(ctx context.Context, sub *subject, dir string) error {
	var err error
	if sub.redisAddr, err = freeport.Addr(); err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(sub.redisAddr)
	sub.redis, err = process.Start(ctx, dir, "redis", "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", dir)
	if err != nil {
		return err
	}
	return sub.redis.Until(ctx, time.Minute, func() error { _, err := ask(sub.redisAddr, "PING"); return err })
}

// ask sends a command and gives the answer, without what RESP puts before it.
func ask(addr, command string) (string, error) {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := fmt.Fprintf(c, "%s\r\n", command); err != nil {
		return "", err
	}
	r := bufio.NewReader(c)
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "-") {
		return "", errors.New(line[1:])
	}
	size, err := strconv.Atoi(strings.TrimPrefix(line, "$"))
	if !strings.HasPrefix(line, "$") || err != nil {
		return line[1:], nil
	}
	text := make([]byte, size)
	_, err = io.ReadFull(r, text)
	return string(text), err
}

// usedMemory is what a Redis holds.
func usedMemory(addr string) (int64, error) {
	text, err := ask(addr, "INFO memory")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, "used_memory:"); found {
			return strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		}
	}
	return 0, errors.New("the server does not tell what memory it uses")
}

func (s *stage) startShared(ctx context.Context, sub *subject, dir string) error {
	if err := startRedis(ctx, sub, dir); err != nil {
		return err
	}
	return s.startRelay(ctx, sub, dir, "--redis", "redis://"+sub.redisAddr)
}

func (s *stage) startCrowdedShared(ctx context.Context, sub *subject, dir string) error {
	if s.fullShared == nil {
		full, err := s.fillShared(ctx)
		if err != nil {
			return fmt.Errorf("fill a Redis with %d keys and %d accounts: %w", s.opt.keys, s.opt.accounts, err)
		}
		s.fullShared = full
	}
	data := filepath.Join(dir, "data")
	if err := copyPrivate(data, s.fullShared.dir); err != nil {
		return fmt.Errorf("copy a filled relay: %w", err)
	}
	if err := startRedis(ctx, sub, data); err != nil {
		return err
	}
	control, err := s.serve(ctx, sub, data, "--redis", "redis://"+sub.redisAddr)
	if err != nil {
		return err
	}
	control.Close()
	sub.credentials = s.fullShared.secrets
	return nil
}

// fillShared has a relay make the keys and accounts, and Redis write them down beside the data directory.
func (s *stage) fillShared(ctx context.Context) (*filled, error) {
	full := &filled{dir: filepath.Join(s.dir, "full-redis")}
	if err := os.Mkdir(full.dir, 0o700); err != nil {
		return nil, err
	}
	var sub subject
	defer sub.end()
	if err := startRedis(ctx, &sub, full.dir); err != nil {
		return nil, err
	}
	control, err := s.serve(ctx, &sub, full.dir, "--redis", "redis://"+sub.redisAddr)
	if err != nil {
		return nil, err
	}
	defer control.Close()
	if err := s.populate(ctx, control, full); err != nil {
		return nil, sub.explain(err)
	}
	sub.process.Stop()
	sub.process = nil
	_, err = ask(sub.redisAddr, "SAVE")
	return full, err
}

// onRedis measures what requests cost of a relay that shares a Redis, how much of that they take, and what many keys and
// accounts do to the start and the memory.
func onRedis(ctx context.Context, t *trial) error {
	t.sample[startTime] = t.took.Seconds()
	if err := idle(ctx, t); err != nil {
		return err
	}
	before, err := usedMemory(t.redisAddr)
	if err != nil {
		return err
	}
	done, err := t.converse(ctx)
	if err != nil {
		return err
	}
	if err := t.handOver(ctx); err != nil {
		return err
	}
	after, err := usedMemory(t.redisAddr)
	t.sample[redisMemory] = float64(after-before) / float64(done)
	return err
}

// handOver waits until the relay has handed over to Redis what its ledger has: roll-ups when somebody asks for them, and
// the log every second.
func (t *trial) handOver(ctx context.Context) error {
	control := ctl.NewClient(t.control)
	defer control.Close()
	if _, err := control.Usage(ctx, ctl.UsageQuery{}); err != nil {
		return fmt.Errorf("have the usage added up: %w", err)
	}
	time.Sleep(2 * time.Second)
	return nil
}
