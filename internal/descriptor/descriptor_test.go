package descriptor_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"crs/internal/descriptor"
)

func TestWhatIsKeptBackIsNotShared(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{16, 64, 128, 256, 1024, 4096, 65536, 1 << 20, 1<<31 - 1} {
		s := descriptor.Share(limit)
		used := s.Clients + descriptor.Beyond(s.Clients) + s.Upstreams + s.Control + s.Reserve
		if s.Clients < 1 || s.Control < 1 || s.Upstreams < 1 || limit >= 64 && used > limit {
			t.Errorf("of %d: %+v uses %d", limit, s, used)
		}
		if limit >= 128 && s.Reserve < 64 {
			t.Errorf("of %d, only %d are kept back", limit, s.Reserve)
		}
	}
	for _, clients := range []int{1, 100, 1000, 20000, 1000000} {
		need := descriptor.Needed(clients)
		if got := descriptor.Share(need).Clients; got < clients || clients >= 100 && descriptor.Share(need-1).Clients >= clients {
			t.Errorf("%d clients need %d, which is enough for %d", clients, need, got)
		}
	}
}

// TestTheLimitIsRaisedAsFarAsItMay: by the runtime at the start, and by Limit.
func TestTheLimitIsRaisedAsFarAsItMay(t *testing.T) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		t.Skip(err)
	}
	lowered := l
	lowered.Cur = 256
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lowered); err != nil {
		t.Skip(err)
	}
	if got := descriptor.Limit(); uint64(got) != min(l.Max, 1<<31-1) {
		t.Errorf("it is %d, and may be %d", got, l.Max)
	}
}

// failing is a listener whose Accept fails as it is told, and then gives a connection.
type failing struct {
	net.Listener
	errs []error
	n    int
}

func (l *failing) Accept() (net.Conn, error) {
	if l.n++; l.n <= len(l.errs) {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", l.errs[l.n-1])}
	}
	return nil, net.ErrClosed
}

func (l *failing) Close() error { return nil }

func TestWhatPassesIsWaitedOut(t *testing.T) {
	t.Parallel()
	of := &failing{errs: []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED}}
	var freed atomic.Int64
	ln := descriptor.Patient(of, "test", shortage(), func() { freed.Add(1) })
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) || of.n != 6 || freed.Load() != 5 {
		t.Errorf("after %d calls, %d of them freed something: %v", of.n, freed.Load(), err)
	}
	of = &failing{errs: []error{syscall.EBADF}}
	if _, err := descriptor.Patient(of, "test", shortage(), nil).Accept(); !errors.Is(err, syscall.EBADF) {
		t.Errorf("an error that stays is waited for: %v", err)
	}
}

// TestAnEndedListenerDoesNotWait, also in the middle of a pause.
func TestAnEndedListenerDoesNotWait(t *testing.T) {
	t.Parallel()
	errs := make([]error, 1000)
	for i := range errs {
		errs[i] = syscall.EMFILE
	}
	var ln *descriptor.Listener
	ln = descriptor.Patient(&failing{errs: errs}, "test", shortage(), func() { _ = ln.Close() })
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// TestTheSpareIsSpentFirst: the first connections that find no descriptor have the spare ones.
func TestTheSpareIsSpentFirst(t *testing.T) {
	t.Parallel()
	spare := descriptor.NewSpare(2)
	defer spare.Close()
	of := &failing{errs: []error{syscall.EMFILE, syscall.EMFILE}}
	ln := descriptor.Patient(of, "test", shortage(), func() { t.Error("it waited") }).With(spare)
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) || of.n != 3 {
		t.Errorf("after %d calls: %v", of.n, err)
	}
}

func shortage() *descriptor.Shortage {
	return descriptor.NewShortage(slog.New(slog.DiscardHandler), time.Now)
}

// TestAShortageIsToldUntilItIsLongOver, and logged when it begins.
func TestAShortageIsToldUntilItIsLongOver(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	var logged bytes.Buffer
	short := descriptor.NewShortage(slog.New(slog.NewTextHandler(&logged, nil)), func() time.Time { return now })
	meets := func(errs ...error) {
		if _, err := descriptor.Patient(&failing{errs: errs}, "test", short, nil).Accept(); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	}
	if meets(syscall.ECONNABORTED); short.Err() != nil {
		t.Errorf("a client that left is %v", short.Err())
	}
	if meets(syscall.EMFILE, syscall.EMFILE); !errors.Is(short.Err(), syscall.EMFILE) {
		t.Errorf("it is %v", short.Err())
	}
	now = now.Add(9 * time.Second)
	if meets(syscall.ENFILE); !errors.Is(short.Err(), syscall.ENFILE) {
		t.Errorf("later it is %v", short.Err())
	}
	if said := strings.Count(logged.String(), "cannot accept a connection"); said != 1 {
		t.Errorf("it was logged %d times", said)
	}
	if now = now.Add(11 * time.Second); short.Err() != nil {
		t.Errorf("long after: %v", short.Err())
	}
}
