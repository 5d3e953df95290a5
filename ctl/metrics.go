package ctl

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Metric is one of a daemon's metrics, with all its series.
type Metric struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"` // counter, gauge, histogram or summary
	Help    string   `json:"help"`
	Samples []Sample `json:"samples"`
}

// Sample is one series of a metric.
type Sample struct {
	Labels map[string]string `json:"labels"`
	// Value is a counter's or a gauge's.
	Value *float64 `json:"value,omitempty"`
	// Count, Sum and Buckets are a histogram's.
	Count   *uint64  `json:"count,omitempty"`
	Sum     *float64 `json:"sum,omitempty"`
	Buckets []Bucket `json:"buckets,omitempty"`
}

// Bucket is how many observations of a histogram were up to a value, those of the buckets before included.
type Bucket struct {
	UpTo  float64 `json:"up_to"`
	Count uint64  `json:"count"`
}

// Metrics gives a daemon's metrics, by name.
func (c *Client) Metrics(ctx context.Context) ([]Metric, error) {
	return call[[]Metric](ctx, c, http.MethodGet, "/metrics?format=json", nil)
}

// MetricsText gives them in Prometheus' text format.
func (c *Client) MetricsText(ctx context.Context) (string, error) {
	resp, err := c.send(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", fmt.Errorf("read the daemon's metrics: %w", err)
	}
	return string(b), nil
}
