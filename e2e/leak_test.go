//go:build e2e

package e2e

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingOfTheOperatorsLeaksFromTheBinary has upstreams of each platform that takes a key echo what they were sent, name their
// organization and their hosts, and redirect; and a proxy that is not there. None of it is in what a client gets; the log, written at
// its chattiest, and what crs requests shows have no credential and no key.
func TestNothingOfTheOperatorsLeaksFromTheBinary(t *testing.T) {
	const org, host, arn = "org-Q7wmZr4Tx9LpVd2abcd", "gateway.corp.internal", "arn:aws:iam::271828182845:user/relay"
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		echo := strings.NewReplacer("\n", " ", "\"", "'", `\`, "").Replace(fmt.Sprintf("%s %s %v in %s at https://%s:8443 for %s", r.Method, r.URL, r.Header, org, host, arn))
		w.Header().Set("openai-organization", org)
		w.Header().Set("location", "https://"+host+"/")
		w.Header().Set("x-request-id", host)
		switch {
		case strings.Contains(string(body), "redirected"):
			w.WriteHeader(http.StatusMovedPermanently)
		case strings.Contains(string(body), `"stream":true`):
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = fmt.Fprintf(w, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"%s\"}}\n\n", echo)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"type":"error","error":{"type":"invalid_request_error","code":400,"message":"%s"}}`, echo)
		}
	}))
	defer up.Close()
	r := start(t, "CRS_LOG_LEVEL=debug")
	secret := func(platform string) string { return "sk-ant-api03-" + platform + "-q7WmZr4Tx9LpVd2" }
	paths := map[string]string{
		"claude-console": "/api/v1/messages", "bedrock": "/api/v1/messages", "openai-responses": "/openai/v1/chat/completions", "azure-openai": "/azure/openai/deployments/m/chat/completions",
		"gemini-api": "/gemini/v1beta/models/m:generateContent",
	}
	seen := ""
	var secrets []string
	for platform, path := range paths {
		file := filepath.Join(r.dir, platform+".key")
		if err := os.WriteFile(file, []byte(secret(platform)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"account", "add", platform, platform, "--api-key-file", file, "--base-url", up.URL, "--map", "m=upstream-m"}
		if platform == "bedrock" {
			args = append(args, "--region", "us-east-1", "--auth", "bearer")
		}
		r.crs(args...)
		key := r.key(platform)
		secrets = append(secrets, secret(platform), key)
		ask := func(text string) {
			for _, stream := range []string{"false", "true"} {
				body := fmt.Sprintf(`{"model":"m","max_tokens":9,"stream":%s,"messages":[{"role":"user","content":%q}]}`, stream, text)
				if platform == "gemini-api" {
					body = fmt.Sprintf(`{"contents":[{"role":"user","parts":[{"text":%q}]}]}`, text)
				}
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.addr+path+"?KEY="+key+"&x="+key, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("x-api-key", key)
				req.Header.Set("User-Agent", "mine "+key)
				resp, err := http.DefaultTransport.RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				got, _ := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusForbidden {
					t.Errorf("%s: %d %s", platform, resp.StatusCode, got)
				}
				seen += fmt.Sprintln(platform, resp.StatusCode, resp.Header, string(got))
			}
		}
		ask("hello")
		ask("redirected")
		r.crs("account", "edit", platform, "--proxy", "http://relay:hunter2-Q7wm@127.0.0.1:1")
		r.crs("account", "thaw", platform)
		ask("hello")
		r.crs("account", "disable", platform)
	}
	for _, words := range []string{org, host, "271828182845", "127.0.0.1", "hunter2-Q7wm"} {
		if strings.Contains(seen, words) {
			t.Errorf("a client gets %q:\n%s", words, seen)
		}
	}
	log, err := os.ReadFile(filepath.Join(r.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{"a client": seen, "the log": string(log), "crs requests": r.crs("requests", "-o", "json"), "crs account list": r.crs("account", "list", "-o", "json")} {
		for _, s := range append(secrets, "hunter2-Q7wm") {
			for _, form := range []string{s, url.QueryEscape(s), base64.StdEncoding.EncodeToString([]byte(s))} {
				if strings.Contains(text, form) {
					t.Errorf("%s gets %q", where, form)
				}
			}
		}
	}
	if !strings.Contains(string(log), "a redirect to") || !strings.Contains(string(log), "127.0.0.1:1") {
		t.Error("the log does not tell the operator what happened")
	}
}
