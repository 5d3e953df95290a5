package daemon_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"crs/lab/crstest"
)

func TestMetricsAreServedOverTCPOnlyWhereThatWasAskedForAndNothingElseIs(t *testing.T) {
	t.Parallel()
	d, err := start(t, t.TempDir(), map[string]string{"metrics.listen": "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	addr := d.MetricsListen()
	at := "http://" + addr
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/metrics", 200}, {"HEAD", "/metrics", 200}, {"POST", "/metrics", 405}, {"GET", "/", 404}, {"GET", "/metrics/", 404},
		{"GET", "/v1/metrics", 404}, {"GET", "/v1/status", 404}, {"GET", "/v1/keys", 404}, {"GET", "/debug/pprof/", 404}, {"GET", "/api/v1/models", 404},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, at+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("%s %s: %d %s", c.method, c.path, resp.StatusCode, body)
		}
		if c.method == "GET" && c.status == 200 && !strings.Contains(string(body), "\ncrs_build_info{") {
			t.Errorf("%s %s: %s", c.method, c.path, body)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		_ = conn.Close()
		t.Error("it still listens for metrics after its end")
	}
}

func TestAnAddressForMetricsThatIsTakenIsNamed(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	_, err = start(t, t.TempDir(), map[string]string{"metrics.listen": ln.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), "metrics.listen") || !strings.Contains(err.Error(), ln.Addr().String()) {
		t.Errorf("%v", err)
	}
}

func TestMetricsAreNotServedOverTCPUnasked(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	resp, err := http.Get(b.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 404 || len(b.Log.Lines("serving metrics")) > 0 {
		t.Errorf("%d", resp.StatusCode)
	}
}
