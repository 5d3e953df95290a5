package metrics

import (
	"fmt"
	"math"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"crs/ctl"
	"crs/internal/convert"
)

// Path is where metrics are served over TCP; nothing else is there.
const Path = "/metrics"

// ServeHTTP answers with the metrics in the text format.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	promhttp.HandlerFor(m, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}).ServeHTTP(w, r)
}

// All gives the metrics as ctl has them, by name.
func (m *Metrics) All() ([]ctl.Metric, error) {
	families, err := m.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather the metrics: %w", err)
	}
	return convert.All(families, func(f *dto.MetricFamily) ctl.Metric {
		return ctl.Metric{Name: f.GetName(), Type: strings.ToLower(f.GetType().String()), Help: f.GetHelp(), Samples: convert.All(f.GetMetric(), sampleOf)}
	}), nil
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
