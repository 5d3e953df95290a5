package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/ctl"
	"crs/lab/bench/canned"
	"crs/lab/bench/process"
	"crs/lab/freeport"
)

// nodesAsked is how many requests are made with each key at each relay.
const nodesAsked = 2000

// runNodes prints what a request costs when nodes share a Redis: its commands, from INFO commandstats, and the latency that
// it adds to that of a relay alone.
func runNodes(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parse(args, progress)
	if err != nil {
		return err
	}
	if _, err := exec.LookPath("redis-server"); err != nil {
		return errors.New("there is no redis-server in the PATH: apt-get install redis-server")
	}
	dir, err := os.MkdirTemp("", "crsbench")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s := &stage{opt: o, dir: dir, progress: progress}
	if err := s.build(ctx); err != nil {
		return err
	}
	upstream, err := canned.Start()
	if err != nil {
		return err
	}
	defer func() { _ = upstream.Close() }()
	s.upstream = upstream.Addr()
	port, err := s.startRedis(ctx)
	if err != nil {
		return err
	}
	return s.nodes(ctx, port, out)
}

// startRedis starts a Redis that ends with ctx.
func (s *stage) startRedis(ctx context.Context) (port string, err error) {
	addr, err := freeport.Addr()
	if err != nil {
		return "", err
	}
	_, port, _ = net.SplitHostPort(addr)
	cmd := exec.CommandContext(ctx, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", s.dir)
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start redis-server: %w", err)
	}
	for range 500 {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			return port, conn.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return "", errors.New("redis-server does not answer")
}

// nodes measures a relay alone and one with Redis, in turn.
func (s *stage) nodes(ctx context.Context, port string, out io.Writer) error {
	alone, err := s.startNode(ctx, "alone")
	if err != nil {
		return err
	}
	defer alone.process.Stop()
	shared, err := s.startNode(ctx, "shared", "--redis", "redis://127.0.0.1:"+port)
	if err != nil {
		return err
	}
	defer shared.process.Stop()
	for i, kind := range []string{"every limit, capped account", "no limit, account without a cap"} {
		const rounds = 4
		var took [2][]time.Duration
		var commands counted
		for range rounds {
			got, err := requests(ctx, alone.addr, alone.keys[i], nodesAsked/rounds)
			if err != nil {
				return err
			}
			took[0] = append(took[0], got...)
			before, err := counts(ctx, port)
			if err != nil {
				return err
			}
			if got, err = requests(ctx, shared.addr, shared.keys[i], nodesAsked/rounds); err != nil {
				return err
			}
			took[1] = append(took[1], got...)
			after, err := counts(ctx, port)
			if err != nil {
				return err
			}
			commands.add(before, after)
		}
		if _, err := fmt.Fprintf(out, "%s, for each of %d requests one after the other:\n%s", kind, nodesAsked, commands.per(nodesAsked)); err != nil {
			return err
		}
		a50, a99, b50, b99 := at(took[0], 50), at(took[0], 99), at(took[1], 50), at(took[1], 99)
		if _, err := fmt.Fprintf(out, "  latency p50 %v alone, %v with Redis (%v more); p99 %v and %v\n\n", a50, b50, b50-a50, a99, b99); err != nil {
			return err
		}
	}
	return nil
}

// benchNode is a relay with two keys: one with every limit on a capped account, one without any.
type benchNode struct {
	process *process.Process
	addr    string
	keys    [2]string
}

func (s *stage) startNode(ctx context.Context, name string, flags ...string) (n benchNode, err error) {
	dir := filepath.Join(s.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return n, err
	}
	n.process, err = process.Start(ctx, dir, "crs", append([]string{s.crs, "serve", "--data", dir, "--listen", "127.0.0.1:0"}, flags...)...)
	if err != nil {
		return n, err
	}
	control := ctl.NewClient(filepath.Join(dir, "crs.sock"))
	defer control.Close()
	err = n.process.Until(ctx, time.Minute, func() error {
		status, err := control.Status(ctx)
		n.addr = status.Listen
		return err
	})
	if err != nil {
		return n, err
	}
	for i, most := range []int{10_000, 0} {
		account := fmt.Sprint("account", i)
		if _, err := control.AddAccount(ctx, ctl.NewAccount{
			Platform: "claude-console", Name: account, APIKey: accountKey, BaseURL: "http://" + s.upstream, MaxConcurrency: most,
		}); err != nil {
			return n, err
		}
		edit := ctl.KeyEdit{Account: &account}
		if i == 0 {
			many, places, cost := int64(1e12), 10_000, ctl.USD(1e15)
			edit.RequestsPerMinute, edit.TokensPerMinute, edit.Concurrency = &many, &many, &places
			edit.DailyCost, edit.WeeklyCost, edit.TotalCost = &cost, &cost, &cost
		}
		k, err := control.CreateKey(ctx, ctl.NewKey{Name: account, KeyEdit: edit})
		if err != nil {
			return n, err
		}
		n.keys[i] = k.Secret
	}
	return n, nil
}

// requests makes so many requests, one after the other on one connection, and gives how long each took.
func requests(ctx context.Context, addr, key string, n int) ([]time.Duration, error) {
	const body = `{"model":"claude-opus-4-8","max_tokens":64,"messages":[{"role":"user","content":"say ping"}]}`
	var took []time.Duration
	for range n {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/api/v1/messages", strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("x-api-key", key)
		began := time.Now()
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(resp.Body)
		took = append(took, time.Since(began))
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("the relay answered %s %s", resp.Status, text)
		}
	}
	return took, nil
}

func at(took []time.Duration, percent int) time.Duration {
	slices.Sort(took)
	return took[len(took)*percent/100].Round(time.Microsecond)
}

// counted is how often each command was called.
type counted map[string]int64

// counts reads INFO commandstats. Commands that scripts call are in it, too.
func counts(ctx context.Context, port string) (counted, error) {
	text, err := exec.CommandContext(ctx, "redis-cli", "-p", port, "info", "commandstats").Output()
	if err != nil {
		return nil, fmt.Errorf("ask redis-cli for commandstats: %w", err)
	}
	c := counted{}
	for line := range strings.Lines(string(text)) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		calls, _, _ := strings.Cut(rest, ",")
		if n, err := strconv.ParseInt(calls, 10, 64); ok && err == nil {
			c[name] = n
		}
	}
	return c, nil
}

func (c *counted) add(before, after counted) {
	if *c == nil {
		*c = counted{}
	}
	for name, n := range after {
		(*c)[name] += n - before[name]
	}
}

// per lists them, the scripts first: each is one command that a node sends.
func (c counted) per(of int) string {
	var b strings.Builder
	var inside []string
	for name, n := range c {
		if each := float64(n) / float64(of); each >= 0.01 && name != "evalsha" {
			inside = append(inside, fmt.Sprintf("%s %.2f", name, each))
		}
	}
	slices.Sort(inside)
	fmt.Fprintf(&b, "  scripts %.2f; within them, and beside them: %s\n", float64(c["evalsha"])/float64(of), strings.Join(inside, ", "))
	return b.String()
}
