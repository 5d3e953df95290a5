// Package canned is an upstream that costs next to nothing: it has its answers ready as bytes, so that a measurement is about
// what stands in front of it. The first request of a kind is put to the simulator, and what that answers is kept.
package canned

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"crs/lab/simulator"
)

// Answer says how requests are answered. The zero value is the simulator's usual answer.
type Answer struct {
	Bytes  int           `json:"bytes"`  // of text; 0 is as many as the prompt suggests
	Events int           `json:"events"` // of a stream that carry content; 0 is as many as the text suggests
	Gap    time.Duration `json:"gap"`    // before each event but the first
	Wait   time.Duration `json:"wait"`   // before the answer begins
	// Fails is after how many answers the upstream is overloaded; 0 is never.
	Fails int `json:"fails"`
}

// script is what the simulator is told. Waiting is not its business.
func (a Answer) script() string { return fmt.Sprintf("loop:ok(size=%d,events=%d)", a.Bytes, a.Events) }

func (a Answer) check() error {
	if min(a.Bytes, a.Events, a.Fails) < 0 || min(a.Gap, a.Wait) < 0 {
		return fmt.Errorf("an answer cannot be %+v", a)
	}
	return nil
}

// Server is a running upstream.
type Server struct {
	listener net.Listener
	origin   *simulator.Server
	stop     context.CancelFunc
	ctx      context.Context
	serving  sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	answer Answer
	given  int
	kept   map[kind][][]byte
}

// kind is what decides which answer a request gets.
type kind struct{ stream, failed bool }

// Start starts an upstream on a free port of 127.0.0.1. The caller must Close it.
func Start() (*Server, error) {
	origin, err := simulator.Start(simulator.Options{Record: -1})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the upstream: %w", err), origin.Close())
	}
	s := &Server{listener: listener, origin: origin, kept: map[kind][][]byte{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.serving.Go(s.accept)
	return s, nil
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends all connections and waits until nothing of it runs.
func (s *Server) Close() error {
	s.stop()
	err := s.listener.Close()
	s.serving.Wait()
	return errors.Join(err, s.origin.Close())
}

// Set says how requests are answered from now on.
func (s *Server) Set(a Answer) error {
	if err := a.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.given = a, 0
	clear(s.kept)
	return s.origin.SetScript(a.script())
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of descriptors, for now
			continue
		}
		s.serving.Go(func() { s.serve(conn) })
	}
}

// serve answers the requests of one connection.
func (s *Server) serve(conn net.Conn) {
	defer context.AfterFunc(s.ctx, func() { _ = conn.Close() })()
	defer func() { _ = conn.Close() }()
	br := bufio.NewReaderSize(conn, 16<<10)
	var req fasthttp.Request
	req.Header.DisableNormalizing()
	for req.Read(br) == nil && s.reply(conn, &req) == nil {
	}
}

// reply writes one answer, part by part where there are gaps.
func (s *Server) reply(conn net.Conn, req *fasthttp.Request) error {
	if string(req.Header.RequestURI()) == setPath {
		return s.replySet(conn, req.Body())
	}
	parts, a, err := s.draw(req)
	if err != nil {
		return err
	}
	pause := a.Wait
	for _, part := range parts {
		if err := s.sleep(pause); err != nil {
			return err
		}
		if _, err := conn.Write(part); err != nil {
			return err
		}
		pause = a.Gap
	}
	return nil
}

func (s *Server) sleep(d time.Duration) error {
	if d == 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// draw gives what a request is answered, in the parts that gaps come between.
func (s *Server) draw(req *fasthttp.Request) ([][]byte, Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.answer
	if !bytes.HasPrefix(req.Header.RequestURI(), []byte("/v1/messages?")) && string(req.Header.RequestURI()) != "/v1/messages" {
		answer, err := ask(s.origin.URL(), req)
		return [][]byte{answer}, Answer{}, err
	}
	s.given++
	k := kind{
		stream: bytes.Contains(req.Body(), []byte(`"stream":true`)),
		failed: a.Fails > 0 && s.given > a.Fails,
	}
	if s.kept[k] == nil {
		answer, err := s.prepare(k, req)
		if err != nil {
			return nil, a, err
		}
		s.kept[k] = a.parts(answer)
	}
	return s.kept[k], a, nil
}

// prepare asks the simulator. With mu held: what is prepared is needed by whoever waits.
func (s *Server) prepare(k kind, req *fasthttp.Request) ([]byte, error) {
	if k.failed {
		if err := s.origin.SetScript("loop:529"); err != nil {
			return nil, err
		}
	}
	return ask(s.origin.URL(), req)
}

// parts cuts an answer where gaps come: behind each event but the last, which the end of the body goes with.
func (a Answer) parts(answer []byte) [][]byte {
	if a.Gap == 0 {
		return [][]byte{answer}
	}
	all := bytes.SplitAfter(answer, []byte("\n\n\r\n"))
	if n := len(all); n > 1 {
		end := len(answer) - len(all[n-1]) - len(all[n-2])
		all = append(all[:n-2], answer[end:])
	}
	return all
}
