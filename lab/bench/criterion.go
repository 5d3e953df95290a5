package main

import "fmt"

// metric is what a measurement gives.
type metric string

// The metrics.
const (
	cpuPerRequest   metric = "µs of CPU per request"
	cpuPerEvent     metric = "µs of CPU per event"
	memoryPerStream metric = "KB per stream"
	p50             metric = "ms at p50"
	p99             metric = "ms at p99"
	idleMemory      metric = "MB idle"
	peakMemory      metric = "MB at the peak"
	startTime       metric = "s to start"
	redisMemory     metric = "MB of Redis per million requests"
)

// criterion is what a row's figures are held against.
type criterion struct {
	work   string
	metric metric
	// judged is the subject whose figure it is about.
	judged string
	// against are the subjects that it is a multiple of: of the one that needs least. Without any it counts as it is.
	against []string
	// over is the subject whose figure is taken off first.
	over string
	// budget is the most it may be; zero only tells.
	budget float64
}

// Result is what came of a criterion.
type Result struct {
	Row    string `json:"row"`
	Work   string `json:"work"`
	Metric metric `json:"metric"`
	// Judged is the subject that Value is about: a multiple of Against, more than Over, or its figure itself.
	Judged  string            `json:"judged"`
	Against string            `json:"against,omitempty"`
	Over    string            `json:"over,omitempty"`
	Value   spread            `json:"value"`
	Budget  float64           `json:"budget,omitempty"`
	Verdict string            `json:"verdict,omitempty"`
	Figures map[string]spread `json:"figures"` // of every subject
}

// sample is what one measurement of one subject gave.
type sample map[metric]float64

// judge holds the samples of a row, by subject and round, against a criterion. The value is made of the medians; its
// spread, of what each round would have said by itself.
func (c *criterion) judge(row string, samples map[string][]sample) Result {
	r := Result{Row: row, Work: c.work, Metric: c.metric, Judged: c.judged, Over: c.over, Budget: c.budget, Figures: map[string]spread{}}
	for name, rounds := range samples {
		r.Figures[name] = spreadOf(figures(rounds, c.metric))
	}
	for _, name := range c.against {
		if r.Against == "" || r.Figures[name].Median < r.Figures[r.Against].Median {
			r.Against = name
		}
	}
	var each []float64
	for i, s := range samples[c.judged] {
		each = append(each, r.relate(s[c.metric], func(name string) float64 { return samples[name][i][c.metric] }))
	}
	r.Value = spreadOf(each)
	r.Value.Median = r.relate(r.Figures[c.judged].Median, func(name string) float64 { return r.Figures[name].Median })
	r.Verdict = verdict(r.Value.Median, c.budget)
	return r
}

func figures(rounds []sample, m metric) []float64 {
	var all []float64
	for _, s := range rounds {
		all = append(all, s[m])
	}
	return all
}

func (r *Result) relate(figure float64, of func(name string) float64) float64 {
	switch {
	case r.Against != "":
		return figure / of(r.Against)
	case r.Over != "":
		return figure - of(r.Over)
	}
	return figure
}

func verdict(value, budget float64) string {
	switch {
	case budget == 0:
		return ""
	case value <= budget:
		return "within"
	case value <= 2*budget:
		return "within 2×"
	}
	return "over"
}

// figure writes a figure with as many digits as it deserves.
func figure(v float64) string {
	switch {
	case v >= 100 || v <= -100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10 || v <= -10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
