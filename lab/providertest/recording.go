package providertest

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"crs/internal/account"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// Recording is a successful answer as an upstream sends it.
type Recording struct {
	Account *account.Account // nil means the suite's
	Service string
	Stream  bool
	// HideUsage: the client did not ask for the figures that the relay asked for.
	HideUsage bool
	// Type is the answer's content type.
	Type string
	Body []byte

	Tokens usage.Tokens
	Model  string
	// Output is what the client gets, where it is not Body.
	Output string
	// Failure is the error in it; such an answer is not complete.
	Failure string
	// Free: nothing is counted.
	Free bool
}

func (s *Suite) recordings(t *testing.T) {
	t.Parallel()
	for platform, facts := range s.Provider.Platforms() {
		for _, service := range facts.Services {
			if !s.recorded(bare(service)) {
				t.Errorf("no recording of %s, which platform %s serves", bare(service), platform)
			}
		}
	}
	for name, r := range s.Recordings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.recording(t, &r)
		})
	}
}

func (s *Suite) recorded(service string) bool {
	for _, r := range s.Recordings {
		if r.Service == service {
			return true
		}
	}
	return false
}

// recording feeds an answer whole, byte by byte, and cut in two at every byte.
func (s *Suite) recording(t *testing.T, r *Recording) {
	whole := s.play(r, r.Body)
	s.right(t, r, whole)
	var bytewise [][]byte
	for i := range r.Body {
		bytewise = append(bytewise, r.Body[i:i+1])
	}
	s.same(t, "byte by byte", whole, s.play(r, bytewise...))
	for cut := range r.Body {
		s.same(t, fmt.Sprintf("cut at %d", cut), whole, s.play(r, r.Body[:cut], r.Body[cut:]))
		s.early(t, r, cut, whole)
		if t.Failed() {
			return
		}
	}
}

// played is what came of an answer.
type played struct {
	count            provider.Count
	failure          string
	begun, end, edge bool // HasContent, Complete, AtBoundary
	output           string
	streamed         string // the part of output that came before the end
	reshaped         bool
	err              error
}

func (s *Suite) play(r *Recording, pieces ...[]byte) played {
	acc := r.Account
	if acc == nil {
		acc = s.Account
	}
	want := s.intent(r.Service)
	want.Stream, want.HideUsage, want.Free = r.Stream, r.HideUsage, r.Free
	m := s.Provider.Meter(&want, acc, provider.Header{{Name: "Content-Type", Value: r.Type}})
	var p played
	reshaper, _ := m.(provider.Transformer)
	p.reshaped = reshaper != nil
	for _, piece := range pieces {
		copied := bytes.Clone(piece)
		m.Feed(copied)
		clear(copied) // it keeps none of them
		if reshaper != nil && p.err == nil {
			var out []byte
			out, p.err = reshaper.Output()
			p.output += string(out)
		}
	}
	before := len(p.output)
	if reshaper != nil && p.err == nil {
		var out []byte
		out, p.err = reshaper.Finish()
		p.output += string(out)
	}
	p.failure, p.begun, p.end, p.edge = string(m.Failure()), m.HasContent(), m.Complete(), m.AtBoundary()
	p.count = m.End()
	p.streamed = p.output[:before]
	return p
}

// right compares a whole answer with what it is known to be.
func (s *Suite) right(t *testing.T, r *Recording, p played) {
	t.Helper()
	if p.failure != r.Failure || p.err != nil && r.Failure == "" {
		t.Errorf("failure %q, error %v", p.failure, p.err)
	}
	if p.count.Tokens != r.Tokens || p.count.Model != r.Model {
		t.Errorf("%+v of %q, want %+v of %q", p.count.Tokens, p.count.Model, r.Tokens, r.Model)
	}
	if good := r.Failure == ""; p.end != good || p.count.Complete != good && !r.Free || good && !p.begun && r.Stream {
		t.Errorf("whole %v, complete %v, begun %v", p.end, p.count.Complete, p.begun)
	}
	if r.Stream && !p.edge {
		t.Error("nothing may be written behind its last event")
	}
	if !r.Free && r.Failure == "" && len(p.count.Raw) == 0 {
		t.Error("the upstream's own figures are not kept")
	}
	if want := r.Output; p.reshaped && p.output != want || !p.reshaped && want != "" {
		t.Errorf("reshaped %v: the client gets\n%s\nwant\n%s", p.reshaped, p.output, want)
	}
}

func (s *Suite) same(t *testing.T, how string, want, got played) {
	t.Helper()
	got.streamed = want.streamed // what is held back up to the end may differ
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%s: %+v\nwhole: %+v", how, got, want)
	}
}

// early ends an answer before its end: it is called complete only with its final figures, and what a client has of it is
// how the whole begins.
func (s *Suite) early(t *testing.T, r *Recording, end int, whole played) {
	t.Helper()
	p := s.play(r, r.Body[:end])
	if p.count.Complete && p.count.Tokens != whole.count.Tokens {
		t.Errorf("ended at %d it is complete with %+v", end, p.count.Tokens)
	}
	if p.reshaped && r.Stream && !strings.HasPrefix(whole.output, p.streamed) {
		t.Errorf("ended at %d the client gets %q", end, p.streamed)
	}
}
