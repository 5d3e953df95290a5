// Package certificate gives what clients are served with over HTTPS: a certificate in files, read again when they change, or
// one that is fetched by ACME.
package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Files is a certificate in two files.
type Files struct {
	certificate, key string
	log              *slog.Logger
	now              func() time.Time
	current          atomic.Pointer[pair]

	looking sync.Mutex // held by who looks whether the files have changed
	looked  time.Time
	failed  state // what could not be read, so that it is said once
}

// pair is a certificate with what its files were like when it was read.
type pair struct {
	certificate *tls.Certificate
	state       state
}

// state is how two files are.
type state struct{ certificate, key stamp }

type stamp struct {
	at   time.Time
	size int64
}

// lookEvery is how often a handshake has the files looked at.
const lookEvery = time.Second

// Open reads the two files.
func Open(certificate, key string, now func() time.Time, log *slog.Logger) (*Files, error) {
	f := &Files{certificate: certificate, key: key, now: now, log: log}
	s, err := f.state()
	if err != nil {
		return nil, err
	}
	read, err := f.read(s)
	if err != nil {
		return nil, err
	}
	f.current.Store(read)
	f.looked = now()
	return f, nil
}

// Config serves with the certificate as it is at each handshake.
func (f *Files) Config(oldest uint16) *tls.Config {
	return &tls.Config{
		MinVersion: oldest, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.get(), nil },
	}
}

// get looks whether the files have changed, unless somebody is at it already or has just been.
func (f *Files) get() *tls.Certificate {
	if f.looking.TryLock() {
		if now := f.now(); now.Sub(f.looked) >= lookEvery {
			f.looked = now
			f.look()
		}
		f.looking.Unlock()
	}
	return f.current.Load().certificate
}

// look reads files that have changed. What cannot be read changes nothing: whoever writes them may not be done.
func (f *Files) look() {
	s, err := f.state()
	if err == nil && (s == f.current.Load().state || s == f.failed) {
		return
	}
	var read *pair
	if err == nil {
		read, err = f.read(s)
	}
	if err != nil {
		f.failed = s
		f.log.Error("the certificate has changed and cannot be read; the old one stays", "error", err)
		return
	}
	f.current.Store(read)
	f.log.Info("the certificate was read again", "file", f.certificate, "until", read.certificate.Leaf.NotAfter)
}

func (f *Files) read(s state) (*pair, error) {
	c, err := tls.LoadX509KeyPair(f.certificate, f.key)
	if err != nil {
		return nil, fmt.Errorf("read the certificate %s with the key %s: %w", f.certificate, f.key, err)
	}
	return &pair{&c, s}, nil
}

func (f *Files) state() (s state, err error) {
	if s.certificate, err = stampOf(f.certificate); err != nil {
		return s, err
	}
	s.key, err = stampOf(f.key)
	return s, err
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, fmt.Errorf("read the certificate: %w", err)
	}
	return stamp{info.ModTime(), info.Size()}, nil
}
