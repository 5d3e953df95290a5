package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"crs/lab/bench/canned"
	"crs/lab/bench/load"
	"crs/lab/bench/process"
	"crs/lab/bench/yardstick"
)

// The subjects: what load is sent to.
const (
	direct     = "direct"      // the upstream, without a proxy
	bare       = "bare"        // fasthttp, whole answers
	bareSpread = "bare spread" // fasthttp, whole answers, on as many connections in turn as there are accounts
	bareReader = "bare reader" // fasthttp, streaming in its one mode
	bareWriter = "bare writer" // fasthttp, streaming in its other mode
	nginx      = "nginx"       // where installed
	relay      = "crs"         // with one key and one account
	former     = "former crs"  // the same, of another binary
	crowded    = "crowded crs" // with as many of both as it should take
)

// subject is one of them, running.
type subject struct {
	name string
	addr string
	path string // of messages
	// field is the header field in which a credential goes, up to the value.
	field       string
	credentials []string
	process     *process.Process // nil for direct
	binary      string           // of a relay; "" for the one that is measured
	control     string           // the socket of a relay
	redis       *process.Process // nil where none is shared
	redisAddr   string
	took        time.Duration // until a relay served
}

// accountKey is what the upstream gets to see; it takes any.
const accountKey = "sk-ant-api03-bench"

// stage is where a run takes place.
type stage struct {
	opt      *options
	self     string // this program
	crs      string
	former   string // another crs; "" for none
	nginx    string // "" where it is not installed
	dir      string // temporary
	upstream string // address
	source   []byte // what conversations are about
	progress io.Writer

	wants map[canned.Answer]load.Want
	full  *filled // nil until it is needed
	// fullShared is one whose keys and accounts are in a Redis.
	fullShared *filled
	started    int // subjects so far, for names of their own
}

// start starts a subject.
func (s *stage) start(ctx context.Context, name string) (*subject, error) {
	s.started++
	dir := filepath.Join(s.dir, fmt.Sprint(s.started))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	sub := &subject{name: name, path: "/v1/messages?beta=true", field: "x-api-key: ", credentials: []string{accountKey}}
	if name == former {
		sub.binary = s.former
	}
	var err error
	switch name {
	case direct:
		sub.addr = s.upstream
	case bare:
		err = s.startBare(ctx, sub, dir, yardstick.JSON, 1)
	case bareSpread:
		err = s.startBare(ctx, sub, dir, yardstick.JSON, s.opt.accounts)
	case bareReader:
		err = s.startBare(ctx, sub, dir, yardstick.StreamReader, 1)
	case bareWriter:
		err = s.startBare(ctx, sub, dir, yardstick.StreamWriter, 1)
	case nginx:
		err = s.startNginx(ctx, sub, dir)
	case relay, former:
		err = s.startRelay(ctx, sub, dir)
	case crowded:
		err = s.startCrowded(ctx, sub, dir)
	case shared:
		err = s.startShared(ctx, sub, dir)
	case crowdedShared:
		err = s.startCrowdedShared(ctx, sub, dir)
	}
	if err != nil {
		sub.end()
		return nil, err
	}
	return sub, nil
}

// end stops the subject's process.
func (s *subject) end() {
	if s.process != nil {
		s.process.Stop()
	}
	if s.redis != nil {
		s.redis.Stop()
	}
}

// explain adds what the process said to an error.
func (s *subject) explain(err error) error {
	if s.process != nil && err != nil {
		err = s.process.Explain(err)
	}
	return err
}

func (s *stage) startBare(ctx context.Context, sub *subject, dir string, mode yardstick.Mode, pools int) (err error) {
	sub.process, err = process.Start(ctx, dir, "proxy", s.self, "proxy", "-mode", string(mode), "-upstream", s.upstream, "-pools", strconv.Itoa(pools))
	if err != nil {
		return err
	}
	sub.addr, err = sub.process.Line()
	return err
}
