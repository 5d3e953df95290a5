package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"

	"crs/internal/descriptor"
	"crs/internal/errs"
	"crs/internal/patience"
)

// Server serves metrics on a TCP address, to anybody who can reach it, and nothing but metrics.
type Server struct {
	addr  string
	http  *http.Server
	short *descriptor.Shortage
	log   *slog.Logger
	wake  chan struct{}

	mu   sync.Mutex   // guards the fields below
	ln   net.Listener // nil while it does not listen
	away bool         // another process is to serve there
}

// NewServer makes a server for an address, which tells short of connections that it cannot accept. Listen takes the address, Serve serves on it.
func (m *Metrics) NewServer(addr string, short *descriptor.Shortage, log *slog.Logger) *Server {
	mux := http.NewServeMux()
	// What scrapes cost is bounded by few of them going on at once.
	limited := promhttp.HandlerFor(m, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError, MaxRequestsInFlight: 4})
	mux.Handle("GET "+Path, limited)
	return &Server{addr: addr, short: short, log: log, wake: make(chan struct{}, 1), http: &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
}

// Listen takes the address. When it cannot, Serve goes on trying.
func (s *Server) Listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ln != nil || s.away {
		return nil
	}
	ln, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("listen for metrics on %s (metrics.listen): %w", s.addr, err)
	}
	s.ln = ln
	return nil
}

// Leave leaves the address to another process, or takes it back when that has gone.
func (s *Server) Leave(yes bool) {
	s.mu.Lock()
	s.away = yes
	s.mu.Unlock()
	if yes {
		_ = s.Close()
	}
	patience.Poke(s.wake)
}

// Close gives the address up.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ln == nil {
		return nil
	}
	err := s.ln.Close()
	s.ln = nil
	return errs.Ignore(err, net.ErrClosed)
}

// Addr is where it listens; "" while it does not.
func (s *Server) Addr() string {
	if ln := s.listener(); ln != nil {
		return ln.Addr().String()
	}
	return ""
}

func (s *Server) listener() net.Listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ln
}

// mostConnections is how many may be open at once: few scrape, and others need descriptors too.
const mostConnections = 32

// tryAgain is how long to wait before an address that is taken is tried again.
const tryAgain = time.Second

// Serve answers until ctx ends. While another process has the address, it waits for it.
func (s *Server) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = s.http.Close() })
	defer stop()
	told := ""
	for ctx.Err() == nil {
		err := s.Listen()
		if ln := s.listener(); ln != nil {
			s.log.Info("serving metrics", "listen", ln.Addr().String(), "path", Path)
			told, err = "", s.http.Serve(netutil.LimitListener(descriptor.Patient(ln, "metrics", s.short, nil), mostConnections))
			_ = s.Close()
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, net.ErrClosed) && err.Error() != told {
			told = err.Error()
			s.log.Warn("metrics are not served over TCP; it is tried again", "error", err)
		}
		patience.Await(ctx, s.wake, tryAgain)
	}
	return s.Close()
}
