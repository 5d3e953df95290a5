package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"crs/ctl"
)

// Path is where metrics are served over TCP; nothing else is there.
const Path = "/metrics"

// ServeHTTP answers with the metrics in the text format.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}).ServeHTTP(w, r)
}

// Server serves metrics on a TCP address, to anybody who can reach it, and nothing but metrics.
type Server struct{ http *http.Server }

// NewServer makes a server.
func (m *Metrics) NewServer(log *slog.Logger) *Server {
	mux := http.NewServeMux()
	// What a scrape costs is bounded by few of them going on at once.
	limited := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError, MaxRequestsInFlight: 4})
	mux.Handle("GET "+Path, limited)
	return &Server{&http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
}

// Serve answers on ln until Shutdown.
func (s *Server) Serve(ln net.Listener) error {
	if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve metrics on %s: %w", ln.Addr(), err)
	}
	return nil
}

// Shutdown ends what is being answered when ctx does.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}

// All gives the metrics as ctl has them, by name.
func (m *Metrics) All() ([]ctl.Metric, error) {
	families, err := m.registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather the metrics: %w", err)
	}
	all := make([]ctl.Metric, 0, len(families))
	for _, f := range families {
		one := ctl.Metric{Name: f.GetName(), Type: typeOf(f.GetType()), Help: f.GetHelp(), Samples: []ctl.Sample{}}
		for _, x := range f.GetMetric() {
			one.Samples = append(one.Samples, sampleOf(x))
		}
		all = append(all, one)
	}
	return all, nil
}

func typeOf(t dto.MetricType) string {
	switch t {
	case dto.MetricType_COUNTER:
		return string(Counter)
	case dto.MetricType_HISTOGRAM:
		return string(Histogram)
	case dto.MetricType_SUMMARY:
		return "summary"
	}
	return string(Gauge)
}

func sampleOf(x *dto.Metric) ctl.Sample {
	s := ctl.Sample{Labels: map[string]string{}}
	for _, l := range x.GetLabel() {
		s.Labels[l.GetName()] = l.GetValue()
	}
	switch {
	case x.Counter != nil:
		s.Value = number(x.Counter.GetValue())
	case x.Gauge != nil:
		s.Value = number(x.Gauge.GetValue())
	case x.Summary != nil:
		s.Count, s.Sum = x.Summary.SampleCount, number(x.Summary.GetSampleSum())
	case x.Histogram != nil:
		s.Count, s.Sum = x.Histogram.SampleCount, number(x.Histogram.GetSampleSum())
		for _, b := range x.Histogram.GetBucket() {
			s.Buckets = append(s.Buckets, ctl.Bucket{UpTo: b.GetUpperBound(), Count: b.GetCumulativeCount()})
		}
	}
	return s
}

// number is nil for what JSON has no word for.
func number(f float64) *float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return &f
}
